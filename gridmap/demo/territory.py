"""Cities and districts of the demo; a city without districts has a district row with its own code."""

import shapely

from gridmap.demo.lattice import to_globe
from gridmap.demo.register import Register

CITIES = (
    # id, code, name
    (10_001, "310000", "上海市"),
    (10_002, "442000", "中山市"),
    (10_003, "420100", "武汉市"),
    (10_004, "420500", "宜昌市"),
)
DISTRICTS = (
    # id, city, code, name
    (10_001, 10_002, "442000", "中山市"),
    (10_002, 10_001, "310113", "宝山区"),
    (10_003, 10_001, "310120", "奉贤区"),
    (10_004, 10_003, "420104", "硚口区"),
    (10_005, 10_003, "420114", "蔡甸区"),
    (10_006, 10_004, "420502", "西陵区"),
)
DISTRICT_IDS = {code: identity for identity, _, code, _ in DISTRICTS}


def add_territory(register: Register) -> None:
    """Adds cities and districts; a district's outline here is that of its streets in the demo, no more."""
    for identity, code, name in CITIES:
        register.add("cities", id=identity, code=code, name=name)
    for identity, city, code, name in DISTRICTS:
        streets = [row for row in register.rows["streets"] if row["district_id"] == identity]
        if not streets:
            continue
        outline = shapely.union_all([to_globe(row["metres"], row["epsg"]) for row in streets])
        register.add("districts", id=identity, city_id=city, code=code, name=name, globe=outline)
