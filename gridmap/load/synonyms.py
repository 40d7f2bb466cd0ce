"""The words that sources use, Chinese and other: for columns, classes, places, addresses, angles and totals."""

import datetime as dt
from collections.abc import Mapping

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source_id": ("id", "osm_id", "uuid", "globalid", "gid", "source_id", "编号", "唯一标识", "标识码", "要素编号"),
    "name": ("name", "名称", "name:zh", "name_zh", "mc", "title", "名字", "标准名称", "地名", "简称"),
    "address": ("address", "地址", "详细地址", "addr", "addr_full", "门牌地址", "坐落", "dz"),
    "community_code": ("community_code", "社区代码", "居委代码", "居委会代码", "村居代码", "社区编码"),
    "built_year": (
        "built_year",
        "year_built",
        "建成年份",
        "建造年份",
        "建成年代",
        "竣工年份",
        "建成年",
        "start_date",
        "year",
    ),
    "declared_households": ("households", "户数", "总户数", "居民户数", "hushu"),
    "declared_population": ("population", "人口", "人数", "常住人口", "总人口", "居民人数"),
    "declared_buildings": ("buildings", "楼栋数", "幢数", "栋数", "楼数"),
    "declared_stairwells": ("stairwells", "楼道数", "单元数", "门洞数", "单元总数"),
    "districts.code": ("admincode", "adcode", "行政区划代码", "区划代码", "区县代码", "代码", "xzqdm", "pac", "ref:gb"),
    "districts.name": ("区县", "区县名称", "行政区", "adname"),
    "streets.code": ("adcode", "行政区划代码", "街道代码", "街镇代码", "乡镇代码", "代码", "xzqdm", "ref:gb"),
    "streets.name": ("街道", "街道名称", "街镇", "乡镇"),
    "communities.code": ("社区代码", "居委代码", "居委会代码", "村居代码", "统计用区划代码", "代码"),
    "communities.name": ("社区", "社区名称", "居委会", "居委", "居委会名称"),
    "communities.aliases": ("aliases", "别名", "曾用名", "alt_name"),
    "grids.code": ("code", "网格编码", "网格代码", "网格编号", "代码", "编码"),
    "grids.name": ("网格", "网格名称"),
    "grids.grid_type": ("type", "grid_type", "网格类型", "类型"),
    "estates.code": ("code", "小区编码", "小区代码", "小区编号"),
    "estates.name": ("小区", "小区名称", "小区名", "楼盘名称", "楼盘"),
    "estates.aliases": ("aliases", "别名", "曾用名", "alt_name"),
    "estates.management": ("management", "管理方式", "物业管理", "管理类型"),
    "estates.property": ("property", "物业公司", "物业", "物业企业", "物业服务企业", "物业名称"),
    "estates.origin": ("origin", "房屋性质", "小区性质"),
    "estates.site_area_m2": ("site_area_m2", "占地面积", "用地面积"),
    "estates.floor_area_m2": ("floor_area_m2", "建筑面积", "总建筑面积"),
    "buildings.code": ("code", "楼栋编码", "楼栋代码", "建筑编码"),
    "buildings.name": ("楼号", "楼栋", "楼栋名称", "楼栋号", "楼名", "幢号", "栋号", "建筑名称", "building_name"),
    "buildings.number": ("addr:housenumber", "addr_housenumber", "housenumber", "门牌号"),
    "buildings.building_kind": (
        "building",
        "building_kind",
        "楼栋类型",
        "建筑类型",
        "房屋类型",
        "用途",
        "kind",
        "type",
    ),
    "buildings.floors": (
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
    "buildings.floors_underground": ("floors_underground", "地下层数", "building:levels:underground"),
    "buildings.height_m": ("height_m", "height", "高度", "建筑高度", "楼高"),
    "facilities.code": ("code", "设施编码", "设施编号", "部件编码", "部件标识码"),
    "facilities.name": ("设施", "设施名称"),
    "facilities.facility_kind": (
        "facility_kind",
        "kind",
        "设施类型",
        "类型",
        "类别",
        "type",
        "class",
        "amenity",
        "分类",
    ),
    "facilities.state": ("state", "状态", "设施状态", "使用状态"),
    "facilities.installed_on": ("installed_on", "安装日期", "启用日期", "投用日期", "建成日期"),
    "facilities.level": ("level", "所在楼层", "楼层"),
    "roads.name": ("道路名称", "路名", "道路"),
    "roads.line_class": ("class", "highway", "railway", "fclass", "kind_detail", "kind", "道路等级", "等级", "type"),
    "water.name": ("水系名称", "河流"),
    "water.line_class": ("class", "water", "waterway", "fclass", "kind", "类型", "natural", "type"),
    "green.name": ("绿地名称", "公园"),
    "green.line_class": ("class", "leisure", "landuse", "natural", "fclass", "kind", "类型", "type"),
    "people.name": ("name", "姓名", "名字", "人员姓名"),
    "people.role": ("role", "岗位", "职务", "角色", "身份", "职责"),
    "people.phone": ("phone", "work_phone", "工作电话", "办公电话", "联系电话", "电话", "手机", "手机号", "联系方式"),
    "people.display_name": ("display_name", "显示名称", "对外称呼", "称呼"),
    "people.grid_code": ("grid_code", "网格编码", "网格代码", "网格编号"),
    "people.estate_code": ("estate_code", "小区编码", "小区代码"),
    "people.building_code": ("building_code", "楼栋编码", "楼栋代码", "楼栋编号"),
    "people.stairwell_code": ("stairwell_code", "楼道编码", "楼道代码", "单元编码", "楼道编号"),
    "people.username": ("username", "账号", "用户名", "登录名"),
    "@lon": ("lon", "lng", "long", "longitude", "经度", "x", "jd", "wgs84_lon", "lon_wgs84", "点位经度", "东经"),
    "@lat": ("lat", "latitude", "纬度", "y", "wd", "wgs84_lat", "lat_wgs84", "点位纬度", "北纬"),
    "@pair": (
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
    ),
    "@shape": ("geometry", "geom", "wkt", "the_geom", "geojson", "边界", "shape"),
    "@bd09": ("百度", "bd09", "bd-09", "baidu"),
    "@gcj02": ("高德", "腾讯", "火星", "gcj", "amap", "gaode"),
}
"""What files call our columns, best first: `kind.column`, or `column` where several kinds share it."""

BUILDING_KINDS: Mapping[str, tuple[str, ...]] = {
    "high_rise": ("high_rise", "高层", "高层住宅", "小高层", "超高层"),
    "slab": ("slab", "多层", "多层住宅", "板楼", "板式", "apartments", "dormitory", "住宅楼", "公寓"),
    "tower": ("tower", "塔楼", "塔式", "点式"),
    "villa_row": (
        "villa_row",
        "别墅",
        "联排",
        "联排别墅",
        "叠拼",
        "house",
        "terrace",
        "detached",
        "semidetached_house",
        "villa",
        "bungalow",
    ),
    "commercial": (
        "commercial",
        "retail",
        "office",
        "hotel",
        "shop",
        "supermarket",
        "商业",
        "商铺",
        "办公",
        "写字楼",
        "商住",
        "商办",
    ),
    "public": (
        "public",
        "school",
        "hospital",
        "civic",
        "government",
        "university",
        "kindergarten",
        "church",
        "temple",
        "library",
        "train_station",
        "museum",
        "college",
        "fire_station",
        "sports_hall",
        "公共",
        "公建",
        "学校",
        "医院",
        "公共建筑",
        "配套",
    ),
    "garage": ("garage", "garages", "parking", "carport", "车库", "车棚", "停车库"),
}
GRID_TYPES: Mapping[str, tuple[str, ...]] = {
    "basic": ("basic", "基础", "基础网格", "综合", "综合网格", ""),
    "dedicated": ("dedicated", "专属", "专属网格"),
    "micro": ("micro", "微网格", "微格", "党建微网格"),
}
MANAGEMENTS: Mapping[str, tuple[str, ...]] = {
    "property": ("property", "物业", "物业管理", "专业物业", "有物业", "有"),
    "none": ("none", "无", "无物业", "无物业管理"),
    "self": ("self", "自管", "自治", "业主自管", "准物业", "单位自管"),
    "unknown": ("unknown", ""),
}
STATES: Mapping[str, tuple[str, ...]] = {
    "working": ("working", "正常", "完好", "在用", "使用中", ""),
    "down": ("down", "故障", "损坏", "停用", "维修中", "离线"),
    "planned": ("planned", "规划", "拟建", "在建", "待建"),
    "removed": ("removed", "拆除", "已拆除", "报废", "废弃"),
}
ROADS: Mapping[str, tuple[str, ...]] = {
    "motorway": ("motorway", "motorway_link", "highway", "高速", "高速公路"),
    "main": ("main", "trunk", "trunk_link", "primary", "primary_link", "major_road", "快速路", "主干路", "主干道"),
    "secondary": ("secondary", "secondary_link", "tertiary", "tertiary_link", "次干路", "次干道"),
    "residential": (
        "residential",
        "unclassified",
        "living_street",
        "service",
        "minor_road",
        "road",
        "支路",
        "街巷",
        "小区道路",
        "",
    ),
    "path": (
        "path",
        "pedestrian",
        "footway",
        "cycleway",
        "steps",
        "track",
        "bridleway",
        "corridor",
        "小路",
        "人行道",
        "步道",
    ),
    "rail": ("rail", "subway", "light_rail", "tram", "monorail", "narrow_gauge", "铁路", "轨道", "轨道交通", "地铁"),
}
WATER: Mapping[str, tuple[str, ...]] = {
    "river": ("river", "stream", "canal", "drain", "ditch", "riverbank", "dock", "河", "河流", "河道", "江"),
    "lake": ("lake", "water", "reservoir", "bay", "ocean", "湖", "湖泊", "水库", ""),
    "pond": ("pond", "basin", "池塘", "池", "塘"),
}
GREEN: Mapping[str, tuple[str, ...]] = {
    "park": ("park", "garden", "nature_reserve", "playground", "recreation_ground", "公园", "花园", "游园", ""),
    "grass": (
        "grass",
        "meadow",
        "pitch",
        "golf_course",
        "village_green",
        "grassland",
        "cemetery",
        "heath",
        "草地",
        "绿地",
    ),
    "wood": ("wood", "forest", "scrub", "orchard", "林地", "树林"),
}
LINE_CLASSES = {"roads": ROADS, "water": WATER, "green": GREEN}

FACILITIES: Mapping[str, tuple[str, ...]] = {
    "camera_high": ("高空抛物",),
    "camera_garage": ("车库监控", "车库摄像"),
    "camera_outdoor": ("摄像", "监控", "探头", "camera", "surveillance"),
    "manhole": ("井盖", "manhole"),
    "lamp": ("路灯", "street_lamp", "lamp"),
    "bench": ("座椅", "休闲椅", "bench"),
    "access_control": ("门禁",),
    "barrier": ("道闸", "lift_gate"),
    "gate": ("大门", "出入口", "gate"),
    "charging_socket": ("电瓶车充电", "电动自行车充电"),
    "charging_pile": ("充电桩", "充电站", "charging_station"),
    "fire_equipment": ("消防栓", "消火栓", "灭火器", "微型消防站", "fire_hydrant", "消防设施"),
    "aed": ("除颤", "defibrillator"),
    "waste_house": ("垃圾房", "垃圾箱房"),
    "waste_point": ("垃圾", "waste_disposal", "waste_basket", "recycling"),
    "notice_board": ("公告栏", "宣传栏", "notice_board"),
    "ebike_parking": ("非机动车停", "bicycle_parking"),
    "parking_space": ("停车", "parking"),
    "lift": ("电梯",),
    "party_service_station": ("党群服务站",),
    "activity_centre": ("活动中心",),
    "service_station": ("服务站", "驿站", "community_centre"),
    "baby_room": ("母婴", "宝宝"),
    "fountain": ("喷水", "喷泉", "fountain"),
}
"""Our kinds of facility and words that a source's type may contain."""

CAPITALS = (
    ("北京", 116.40, 39.90), ("天津", 117.20, 39.08), ("石家庄", 114.51, 38.04), ("太原", 112.55, 37.87),
    ("呼和浩特", 111.75, 40.84), ("沈阳", 123.43, 41.80), ("长春", 125.32, 43.82), ("哈尔滨", 126.63, 45.77),
    ("上海", 121.47, 31.23), ("南京", 118.78, 32.04), ("杭州", 120.15, 30.27), ("合肥", 117.23, 31.82),
    ("福州", 119.30, 26.08), ("南昌", 115.86, 28.68), ("济南", 117.00, 36.65), ("郑州", 113.62, 34.75),
    ("武汉", 114.31, 30.55), ("长沙", 112.94, 28.23), ("广州", 113.26, 23.13), ("南宁", 108.37, 22.82),
    ("海口", 110.33, 20.04), ("重庆", 106.57, 29.56), ("成都", 104.06, 30.66), ("贵阳", 106.71, 26.57),
    ("昆明", 102.72, 25.04), ("拉萨", 91.12, 29.65), ("西安", 108.94, 34.26), ("兰州", 103.83, 36.06),
    ("西宁", 101.78, 36.62), ("银川", 106.23, 38.49), ("乌鲁木齐", 87.61, 43.83), ("香港", 114.16, 22.28),
    ("澳门", 113.55, 22.20), ("台北", 121.56, 25.04),
)  # fmt: skip
"""Rough positions, to name a neighbourhood only."""

RENAMED: tuple[tuple[str, str, dt.date], ...] = (
    ("南汇区", "浦东新区", dt.date(2009, 4, 24)),
    ("卢湾区", "黄浦区", dt.date(2011, 5, 20)),
    ("闸北区", "静安区", dt.date(2015, 10, 13)),
    ("崇明县", "崇明区", dt.date(2016, 6, 8)),
)
"""(old name, valid until; the name that holds today, for this too valid from; the day of the decision)."""

MUNICIPALITIES = {"11": "北京市", "12": "天津市", "31": "上海市", "50": "重庆市"}
OFFICE_PATTERN = r"\A.{0,30}?街道(?=.)"
"""What stands before a road where the street office is written out."""
ROAD_PATTERN = r"(?P<road>[^省市区县镇乡\W]{1,12}?(?:大道|公路|路|街|道|巷|村|坊|里))(?P<rest>.*)"
LANE_PATTERN = r"\A(\d+)弄"
HOUSE_PATTERN = r"(\d+)(?:\s*[-~至到]\s*(\d+))?(?=\s*(?:[号#]|[、,;]|\Z))"
ADDRESS_BREAK = r"[;；,，、]|(?<=号)\s*(?:和|及|与)"

DAY_PATTERN = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
SAVED_DAY_PATTERNS = (
    r"(?:\d{4}年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日?",
    r"\d{4}[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?:[T ]00:00:00\S*)?",
)
"""How 3-1 reads once a spreadsheet has made a day of it and saved that as text."""
BACKWARD = {"s": -1.0, "w": -1.0, "南": -1.0, "西": -1.0}
"""The hemispheres that count below zero."""
_NUMBER = r"(\d+(?:\.\d+)?)"
ANGLE_PATTERN = (
    rf"(?P<before>[nsew]|[东西南北][经纬])?\s*(?P<sign>[-+])?\s*{_NUMBER}\s*(?:°|度|d|:)\s*"
    rf"(?:{_NUMBER}\s*(?:'|’|‘|分|m|:)\s*)?(?:{_NUMBER}\s*(?:\"|”|“|秒|s)?\s*)?(?P<after>[nsew])?"
)
"""Degrees, minutes and seconds, prime signs made plain before."""

TOTAL_PATTERN = r"(本页|本表)?(合计|总计|小计|共计|累计|grand total|subtotal|total)(\s*[:(\d].*)?"
NOTE_PATTERN = r"(注|备注|说明|填表|制表|审核|填报|单位负责人|联系人)\s*\d*\s*[:.、]"
UNIT_PATTERN = r"([-+]?\d+(?:\.\d+)?)\s*(?:户|层|栋|幢|个|人|年|年代|m|米|㎡|m2|m²|平方米|号|单元|楼道)?"
YEAR_PATTERN = r"(\d{4})(?:\s*年.*|[-/.].*|\s*年代)?"
PHONE_PATTERN = r"\+?\d{3,15}(?:(?:x|转|ext)\d{1,6})?"

PLATE_COLUMNS = (
    *("plate", "车牌号", "车牌号码", "车牌", "号牌", "号牌号码", "车号", "车辆号牌", "机动车号牌", "登记车牌"),
    *("number plate", "licence plate", "license plate", "plate number"),
)
"""How lists of registered cars call the column of their plates."""

OTHER_FACILITY = "其他设施"
ROLES: tuple[tuple[str, str, str, str], ...] = (
    ("grid_worker", "网格员", "Grid worker", "grid"),
    ("building_manager", "党员楼管员", "Party-member building manager", "stairwell"),
)
"""Roles on duty where no database was asked: (code, Chinese title, English title, level)."""

PEOPLE_SHEET, NOTES_SHEET = "人员", "说明"
PEOPLE_HEADERS = ("姓名", "岗位", "工作电话", "社区代码", "网格编码", "楼栋编码", "楼道编码", "账号", "显示名称")
"""The header of the template for people, which offices fill in Chinese."""
EXAMPLE = "示例"
"""Names that begin so are the template's own examples and are left out."""
PEOPLE_EXAMPLES: tuple[tuple[str, ...], ...] = (
    (f"{EXAMPLE}甲", "网格员", "021-00000001", "310113103031", "310113103031001", "", "", "grid.example", "网格员甲"),
    (f"{EXAMPLE}乙", "党员楼管员", "021-00000002", "310113103031", "", "", "310113103031X01-01-1", "", "楼管员乙"),
)
