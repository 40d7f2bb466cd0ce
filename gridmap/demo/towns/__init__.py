"""The towns of the demo, declared house by house."""

from gridmap.demo.declare import Town
from gridmap.demo.towns.dongqu import DONGQU
from gridmap.demo.towns.luodian import LUODIAN
from gridmap.demo.towns.sanxiang import SANXIANG
from gridmap.demo.towns.wuhan import BAOFENG, DUNYANG
from gridmap.demo.towns.xiling import XILING
from gridmap.demo.towns.yanghang import YANGHANG
from gridmap.demo.towns.zhuanghang import ZHUANGHANG

TOWNS: tuple[Town, ...] = (DONGQU, SANXIANG, YANGHANG, LUODIAN, ZHUANGHANG, BAOFENG, DUNYANG, XILING)
