"""The words of the 12345 hotline: how its columns are called, and which of our kinds its categories mean."""

from collections.abc import Mapping

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("工单编号", "工单号", "诉求编号", "受理编号", "受理单号", "任务编号", "编号", "单号", "order", "number"),
    "received_at": ("受理时间", "来电时间", "诉求时间", "登记时间", "接收时间", "创建时间", "下派时间", "派单时间",
                    "received"),
    "due_at": ("办理时限", "办结时限", "截止时间", "办理期限", "要求办结时间", "处理时限", "回复时限", "到期时间",
               "应办结时间", "due"),
    "address": ("诉求地址", "事发地址", "问题地址", "反映地址", "事件地址", "发生地址", "详细地址", "地址", "事发地点",
                "地点", "address"),
    "text": ("诉求内容", "反映内容", "来电内容", "问题描述", "主要内容", "工单内容", "事件描述", "内容", "描述",
             "text"),
    "title": ("标题", "诉求标题", "工单标题", "主题", "title"),
    "category": ("诉求类别", "诉求类型", "问题分类", "问题类别", "事项分类", "案件类别", "分类", "类别", "类型",
                 "category"),
    "urgency": ("紧急程度", "紧急级别", "缓急程度", "是否紧急", "urgency"),
    "caller": ("来电人", "诉求人", "反映人", "市民姓名", "联系人", "姓名", "caller"),
    "phone": ("联系电话", "来电号码", "诉求人电话", "手机号码", "手机", "电话", "phone"),
    "answer": ("办理结果", "处理结果", "答复内容", "回复内容", "办理情况", "处置结果", "answer"),
    "answered_at": ("办结时间", "答复时间", "回复时间", "完成时间", "answered"),
    "unit": ("承办单位", "办理单位", "主办单位", "责任单位", "unit"),
    "state": ("工单状态", "办理状态", "状态", "state"),
    "satisfaction": ("满意度", "满意情况", "是否满意", "回访结果", "satisfaction"),
}  # fmt: skip
"""Our word → how hotlines call that column, the best first."""
NEEDED = ("number", "address", "text")
FILLED_BACK = ("answer", "answered_at", "unit", "state", "satisfaction")
"""Columns that the hotline wants back."""
PERSONAL_COLUMNS = ("caller", "phone")

OTHER = "17001"
KINDS: tuple[tuple[str, str], ...] = (
    ("飞线", "13001"),
    ("上楼充电|推上楼|楼道充电|室内充电|电瓶车进楼|电动车进楼|入户充电", "13002"),
    ("充电桩|充电口|充电棚|充电插座|充电设施", "13004"),
    ("电动车|电瓶车|电动自行车|非机动车", "13003"),
    ("困人|被困", "05001"),
    ("梯控", "05003"),
    ("电梯", "05002"),
    ("燃气|煤气", "01003"),
    ("高空抛物|抛物", "01004"),
    ("坠落|坠物|松动|雨棚", "01005"),
    ("占用消防通道停车|消防车通道停车", "02002"),
    ("消防通道|安全出口|疏散通道", "01001"),
    ("灭火器|消火栓|消防设施|消防栓", "01002"),
    ("地锁", "02004"),
    ("僵尸车", "02003"),
    ("乱停|违停|停车|占道", "02001"),
    ("堆物|堆放|杂物", "03001"),
    ("楼道灯|楼梯灯|感应灯|楼道照明", "03002"),
    ("小广告|墙面", "03003"),
    ("漏水|渗水|渗漏|屋面|屋顶", "04001"),
    ("外墙", "04002"),
    ("单元门|公共窗|门禁|道闸", "15002"),
    ("健身器材|座椅|休闲椅|公共设施", "04004"),
    ("爆管|水管", "06001"),
    ("停水|停电", "06002"),
    ("下水道|污水|堵塞|冒溢", "06003"),
    ("井盖", "06004"),
    ("路灯", "06005"),
    ("种菜|毁绿", "07001"),
    ("倒伏|断枝|树倒", "07002"),
    ("绿化|树木|修剪|树枝|遮光", "07003"),
    ("分类投放|垃圾分类|混投", "08002"),
    ("满溢|垃圾房|垃圾桶", "08001"),
    ("垃圾", "08003"),
    ("老鼠|鼠|蟑螂|蚊", "08004"),
    ("违建|违法搭建|搭建|违章", "09001"),
    ("破墙|开门洞|承重", "09002"),
    ("群租", "09003"),
    ("邻里|楼上邻居|纠纷", "10001"),
    ("施工噪|夜间施工|装修", "11001"),
    ("直升机|低空", "11080"),
    ("噪音|噪声|广场舞|扰民", "11002"),
    ("狗绳|牵绳|遛狗|犬", "12001"),
    ("宠物粪|狗屎|粪便", "12002"),
    ("流浪猫|流浪狗|流浪", "12003"),
    ("物业费|收费", "14002"),
    ("保洁|打扫|卫生", "14003"),
    ("物业", "14001"),
    ("摄像头|监控", "15001"),
    ("坡道|扶手|适老|加装", "16002"),
    ("咨询|求助|如何办理", "14004"),
    ("活动|文明", "16001"),
)
"""What the category or the words say (patterns, the first that fits) → code of our kind. Read off real orders'
everyday words; the office can change the kind of each order before and after."""
EMERGENCY = ("紧急", "特急", "加急", "应急", "urgent", "emergency")

DIGITS: Mapping[str, int] = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
                             "八": 8, "九": 9}  # fmt: skip
TEN, HUNDRED = "十", "百"
COUNTED = r"([零〇一二两三四五六七八九十百]+)(?=弄|号|栋|幢|座|单元|门|梯|室|户|楼|层|期|排|组)"
"""A numeral that counts houses and what is in them."""
NOISE = r"[\s\u200b\ufeff,。.、;:\"'“”‘’【】\[\]<>《》()#]+"
DASHED = r"(?<=\d)[-－—_/~](?=\d)"
PARTS = r"[;；、，,]"
"""Between several addresses in one text."""
OFFICE = r"\A.{0,30}?(?:街道|镇)(?=.)"
"""What stands before a road or an estate where the street office is written out."""
ROAD = (
    r"(?P<road>[^省市区县镇乡\W\d]{1,12}?(?:大道|公路|大街|路|街|巷|胡同))"
    r"(?:(?P<lane>\d+)弄)?(?:(?P<number>\d+)号(?!楼))?"
)
BUILDING = r"(\d+|[a-z])(?:号楼|栋|幢|座)"
ROW = r"(\d+)排"
NUMBER = r"(\d+)号(?!楼)"
STAIRS = r"(\d+|[a-z])(?:单元|门(?!口|禁|牌|卫)|梯(?!控|口))"
UNIT = r"(\d+)(?:室|户|房)"
TAIL = r"(?<!\d)(\d{1,3})-(\d{1,3})(?:-(\d{2,4}))?(?![\d号弄])"
"""3-2-601: building, stairwell, household."""
LETTER = r"\A[a-z](?=座|栋|幢|楼|单元|门|梯|\Z)"
BEFORE = frozenset("路街道巷号弄区镇乡村市县社里坊")
"""What may stand right before an estate's name; after anything else it may be the end of a longer name."""
LONGER = r"[\d一二三四五六七八九十]*(?:村|苑|坊|花园|公寓|新村|山庄|豪庭|雅苑|名苑|广场|期)"
"""What makes another name of it: 兰苑 is not 兰苑二村."""

MOMENT = (
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*[tT]?\s*"
    r"(?:(\d{1,2})\s*[:时点]\s*(\d{1,2})?\s*分?(?::?\s*\d{1,2}(?:\.\d+)?\s*秒?)?)?\s*\Z"
)
YES = frozenset({"是", "yes"})
NOT = "不"
STOP = "。"
"""Between the title of an order and its words."""

STATES: Mapping[str, str] = {
    "queued": "待定位",
    "dropped": "已退回",
    "reported": "已受理",
    "registered": "已立案",
    "rejected": "不予立案",
    "duplicate": "重复件",
    "dispatched": "已派遣",
    "handling": "处置中",
    "handled": "待核查",
    "verifying": "核查中",
    "closed": "已办结",
    "reopened": "重新办理",
    "parked": "挂账",
}
"""The hotline reads Chinese, whoever sends it back."""
SATISFACTIONS: Mapping[str, str] = {"satisfied": "满意", "neutral": "基本满意", "unsatisfied": "不满意"}
