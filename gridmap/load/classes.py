"""Words of sources into our code words: building kinds, grid types, management, states, classes of lines and areas."""

from collections.abc import Mapping

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

HIGH_FLOORS = 10
HIGH_METRES = 27.0


def by_word(words: Mapping[str, tuple[str, ...]], text: str) -> str | None:
    """The code whose words hold the text (`highway=primary` counts as `primary`); None where none does."""
    word = text.rsplit("=", 1)[-1].strip().lower()
    return next((code for code, known in words.items() if word in known), None)


def building_kind(text: str, floors: int | None, height: float | None) -> str:
    """The kind of a building from its word, or from its height where the word says nothing."""
    kind = by_word(BUILDING_KINDS, text)
    tall = (floors or 0) >= HIGH_FLOORS or (height or 0.0) >= HIGH_METRES
    if kind == "slab" and tall:
        return "high_rise"
    return kind or "other"


def facility_kind(text: str, known: tuple[tuple[str, str, str], ...]) -> str:
    """The kind of a facility: by known code or title, else by the words that the text contains, else `other`."""
    word = text.rsplit("=", 1)[-1].strip().lower()
    for code, *titles in known:
        if word and word in (code.lower(), *(title.lower() for title in titles)):
            return code
    codes = {code for code, *_ in known}
    for code, words in FACILITIES.items():
        if any(part in text.lower() for part in words) and (not codes or code in codes):
            return code
    return "other"
