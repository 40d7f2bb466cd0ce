"""What can be loaded: nine kinds, their shapes and columns, and the words that sources use for the columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Shape(StrEnum):
    """The three families of geometry."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class ValueType(StrEnum):
    """How the text of a cell is read."""

    TEXT = "text"
    CODE = "code"
    """Digits only, of a fixed length where one is given; leading zeros kept."""
    WHOLE = "whole"
    YEAR = "year"
    DECIMAL = "decimal"
    DATE = "date"
    PHONE = "phone"


@dataclass(frozen=True)
class Target:
    """One column of ours that a file may fill, and the names that files give it, best first."""

    name: str
    synonyms: tuple[str, ...]
    type: ValueType = ValueType.TEXT
    required: bool = False
    digits: int | None = None
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Kind:
    """One word of `gridmap load`: which shapes it takes, which columns, and what makes two rows the same thing."""

    name: str
    shapes: frozenset[Shape]
    targets: tuple[Target, ...]
    of_street: bool = True
    """Whether the rows belong to one street."""
    key: str = "geometry"
    """What identifies a row that has no id of its own: `code`, `name` or `geometry`."""
    has_labels: bool = False
    """Whether points among polygons are labels: an estate may be a point, but not where others have outlines."""
    merge_within_m: float | None = None
    """Pieces with one id this near to each other are one thing; None: never united."""

    def target(self, name: str) -> Target | None:
        """The target column of that name."""
        return next((target for target in self.targets if target.name == name), None)


POLYGONS = frozenset({Shape.POLYGON})
SOURCE_ID = Target(
    "source_id", ("id", "osm_id", "uuid", "globalid", "gid", "source_id", "编号", "唯一标识", "标识码", "要素编号")
)
NAME = Target(
    "name",
    ("name", "名称", "name:zh", "name_zh", "mc", "title", "名字", "标准名称", "地名", "简称"),
)
ADDRESS = Target("address", ("address", "地址", "详细地址", "addr", "addr_full", "门牌地址", "坐落", "dz"))
COMMUNITY_CODE = Target(
    "community_code",
    ("community_code", "社区代码", "居委代码", "居委会代码", "村居代码", "社区编码"),
    ValueType.CODE,
    digits=12,
)
BUILT_YEAR = Target(
    "built_year",
    ("built_year", "year_built", "建成年份", "建造年份", "建成年代", "竣工年份", "建成年", "start_date", "year"),
    ValueType.YEAR,
    limits=(1800, 2100),
)


def _whole(name: str, *synonyms: str) -> Target:
    return Target(name, (name, *synonyms), ValueType.WHOLE, limits=(0, 10_000_000))


HOUSEHOLDS = _whole("declared_households", "households", "户数", "总户数", "居民户数", "hushu")
POPULATION = _whole("declared_population", "population", "人口", "人数", "常住人口", "总人口", "居民人数")
BUILDINGS = _whole("declared_buildings", "buildings", "楼栋数", "幢数", "栋数", "楼数")
STAIRWELLS = _whole("declared_stairwells", "stairwells", "楼道数", "单元数", "门洞数", "单元总数")


def _code(digits: int, *synonyms: str) -> Target:
    return Target("code", ("code", *synonyms), ValueType.CODE, required=True, digits=digits)


def _named(name: Target, *synonyms: str, required: bool = False) -> Target:
    return Target(name.name, (*synonyms, *name.synonyms), required=required)


_KINDS = (
    Kind(
        "districts",
        POLYGONS,
        (
            _code(6, "admincode", "adcode", "行政区划代码", "区划代码", "区县代码", "代码", "xzqdm", "pac", "ref:gb"),
            _named(NAME, "区县", "区县名称", "行政区", "adname", required=True),
        ),
        of_street=False,
        key="code",
        merge_within_m=100_000,
    ),
    Kind(
        "streets",
        POLYGONS,
        (
            _code(9, "adcode", "行政区划代码", "街道代码", "街镇代码", "乡镇代码", "代码", "xzqdm", "ref:gb"),
            _named(NAME, "街道", "街道名称", "街镇", "乡镇", required=True),
        ),
        of_street=False,
        key="code",
        merge_within_m=100_000,
    ),
    Kind(
        "communities",
        POLYGONS,
        (
            _code(12, "社区代码", "居委代码", "居委会代码", "村居代码", "统计用区划代码", "代码"),
            _named(NAME, "社区", "社区名称", "居委会", "居委", "居委会名称", required=True),
            Target("aliases", ("aliases", "别名", "曾用名", "alt_name")),
            HOUSEHOLDS,
            POPULATION,
        ),
        key="code",
        merge_within_m=20_000,
    ),
    Kind(
        "grids",
        POLYGONS,
        (
            Target("code", ("code", "网格编码", "网格代码", "网格编号", "代码", "编码"), ValueType.CODE, digits=15),
            _named(NAME, "网格", "网格名称"),
            Target("grid_type", ("type", "grid_type", "网格类型", "类型")),
            COMMUNITY_CODE,
            HOUSEHOLDS,
            POPULATION,
            BUILDINGS,
            STAIRWELLS,
        ),
        key="code",
        merge_within_m=1_000,
    ),
    Kind(
        "estates",
        frozenset({Shape.POLYGON, Shape.POINT}),
        (
            SOURCE_ID,
            Target("code", ("code", "小区编码", "小区代码", "小区编号")),
            _named(NAME, "小区", "小区名称", "小区名", "楼盘名称", "楼盘"),
            Target("aliases", ("aliases", "别名", "曾用名", "alt_name")),
            ADDRESS,
            Target("management", ("management", "管理方式", "物业管理", "管理类型")),
            Target("property", ("property", "物业公司", "物业", "物业企业", "物业服务企业", "物业名称")),
            Target("origin", ("origin", "房屋性质", "小区性质")),
            BUILT_YEAR,
            Target("site_area_m2", ("site_area_m2", "占地面积", "用地面积"), ValueType.DECIMAL, limits=(0, 9e9)),
            Target("floor_area_m2", ("floor_area_m2", "建筑面积", "总建筑面积"), ValueType.DECIMAL, limits=(0, 9e9)),
            HOUSEHOLDS,
            POPULATION,
            BUILDINGS,
            STAIRWELLS,
        ),
        key="name",
        has_labels=True,
        merge_within_m=500,
    ),
    Kind(
        "buildings",
        POLYGONS,
        (
            SOURCE_ID,
            Target("code", ("code", "楼栋编码", "楼栋代码", "建筑编码")),
            _named(NAME, "楼号", "楼栋", "楼栋名称", "楼栋号", "楼名", "幢号", "栋号", "建筑名称", "building_name"),
            Target("number", ("addr:housenumber", "addr_housenumber", "housenumber", "门牌号")),
            ADDRESS,
            Target(
                "building_kind",
                ("building", "building_kind", "楼栋类型", "建筑类型", "房屋类型", "用途", "kind", "type"),
            ),
            Target(
                "floors",
                (
                    "floors",
                    "层数",
                    "地上层数",
                    "楼层",
                    "楼层数",
                    "总层数",
                    "building:levels",
                    "building_levels",
                    "levels",
                ),
                ValueType.WHOLE,
                limits=(0, 200),
            ),
            Target(
                "floors_underground",
                ("floors_underground", "地下层数", "building:levels:underground"),
                ValueType.WHOLE,
                limits=(0, 20),
            ),
            BUILT_YEAR,
            Target(
                "height_m", ("height_m", "height", "高度", "建筑高度", "楼高"), ValueType.DECIMAL, limits=(0, 1_000)
            ),
            HOUSEHOLDS,
            STAIRWELLS,
        ),
        merge_within_m=60,
    ),
    Kind(
        "facilities",
        frozenset({Shape.POINT, Shape.POLYGON}),
        (
            SOURCE_ID,
            Target("code", ("code", "设施编码", "设施编号", "部件编码", "部件标识码")),
            _named(NAME, "设施", "设施名称"),
            ADDRESS,
            Target(
                "facility_kind",
                ("facility_kind", "kind", "设施类型", "类型", "类别", "type", "class", "amenity", "分类"),
            ),
            Target("state", ("state", "状态", "设施状态", "使用状态")),
            Target("installed_on", ("installed_on", "安装日期", "启用日期", "投用日期", "建成日期"), ValueType.DATE),
            Target("level", ("level", "所在楼层", "楼层"), ValueType.WHOLE, limits=(-20, 200)),
        ),
    ),
    Kind(
        "roads",
        frozenset({Shape.LINE}),
        (
            SOURCE_ID,
            _named(NAME, "道路名称", "路名", "道路"),
            Target(
                "line_class",
                ("class", "highway", "railway", "fclass", "kind_detail", "kind", "道路等级", "等级", "type"),
            ),
        ),
        merge_within_m=20_000,
    ),
    Kind(
        "water",
        frozenset({Shape.LINE, Shape.POLYGON}),
        (
            SOURCE_ID,
            _named(NAME, "水系名称", "河流"),
            Target("line_class", ("class", "water", "waterway", "fclass", "kind", "类型", "natural", "type")),
        ),
        merge_within_m=50_000,
    ),
    Kind(
        "green",
        POLYGONS,
        (
            SOURCE_ID,
            _named(NAME, "绿地名称", "公园"),
            Target("line_class", ("class", "leisure", "landuse", "natural", "fclass", "kind", "类型", "type")),
        ),
        merge_within_m=5_000,
    ),
    Kind(
        "people",
        frozenset(),
        (
            Target("name", ("name", "姓名", "名字", "人员姓名"), required=True),
            Target("role", ("role", "岗位", "职务", "角色", "身份", "职责"), required=True),
            Target(
                "phone",
                ("phone", "work_phone", "工作电话", "办公电话", "联系电话", "电话", "手机", "手机号", "联系方式"),
                ValueType.PHONE,
            ),
            Target("display_name", ("display_name", "显示名称", "对外称呼", "称呼")),
            COMMUNITY_CODE,
            Target("grid_code", ("grid_code", "网格编码", "网格代码", "网格编号")),
            Target("estate_code", ("estate_code", "小区编码", "小区代码")),
            Target("building_code", ("building_code", "楼栋编码", "楼栋代码", "楼栋编号")),
            Target("stairwell_code", ("stairwell_code", "楼道编码", "楼道代码", "单元编码", "楼道编号")),
            Target("username", ("username", "账号", "用户名", "登录名")),
        ),
        key="name",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""The kinds by their word, in the order in which a street is usually filled."""


@dataclass(frozen=True)
class PositionWords:
    """How columns of coordinates are called."""

    lon: tuple[str, ...] = (
        "lon",
        "lng",
        "long",
        "longitude",
        "经度",
        "x",
        "jd",
        "wgs84_lon",
        "lon_wgs84",
        "点位经度",
        "东经",
    )
    lat: tuple[str, ...] = ("lat", "latitude", "纬度", "y", "wd", "wgs84_lat", "lat_wgs84", "点位纬度", "北纬")
    pair: tuple[str, ...] = (
        "坐标",
        "经纬度",
        "百度坐标",
        "高德坐标",
        "腾讯坐标",
        "location",
        "coordinates",
        "lnglat",
        "coord",
        "gps",
    )
    shape: tuple[str, ...] = ("geometry", "geom", "wkt", "the_geom", "geojson", "边界", "shape")
    bd09: tuple[str, ...] = field(default=("百度", "bd09", "bd-09", "baidu"))
    gcj02: tuple[str, ...] = field(default=("高德", "腾讯", "火星", "gcj", "amap", "gaode"))


POSITION_WORDS = PositionWords()
