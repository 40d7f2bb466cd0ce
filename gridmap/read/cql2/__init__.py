"""CQL2, the filter language of OGC API: text or JSON, understood for one layer and one viewer, answered by SQL.

Three steps. `parse` reads the words, within bounds that keep the parser safe. `understand` knows the layer: it lets
through only attributes that the viewer sees and operators that are known, types every literal, and gives a tree
without values beside the values. `express` makes the tree SQL, every value a bound parameter: the same tree is the
same statement, whatever its values.
"""

from gridmap.read.cql2.express import columns_in, condition, values_of
from gridmap.read.cql2.parse import LANGUAGES, parse
from gridmap.read.cql2.times import Tree
from gridmap.read.cql2.understand import Condition, touching, understand

__all__ = ["LANGUAGES", "Condition", "Tree", "columns_in", "condition", "parse", "touching", "understand", "values_of"]
