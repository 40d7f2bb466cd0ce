"""Names of people, estates and companies: invented, and made so that nobody real is meant."""

from gridmap.demo.choice import between, pick

SURNAMES = "陈李黄张梁林刘吴王何郑罗杨周叶苏徐谢赵孙马朱胡郭蔡曾彭冯邓许"
GIVEN = "芳明华英强丽军敏静伟杰娟勇艳涛霞平刚玲辉红建文玉兰秀梅春燕国庆志海金美荣珍凤琴云莲雪洁晓宇晨阳"
_ESTATE_FIRST = (
    "金沙 锦绣 翠湖 阳光 雅居 星河 凯旋 康怡 丽景 富华 恒信 海逸 盛景 悦来 松涛 长堤 水云 朝阳 明珠 "
    "聚豪 天悦 永安 豪程 骏景 大信 名树 奕翠 帝璟 优越 顺景 蓝波 凤凰 龙井 南下 逸仙 紫岭 "
    "荷塘 东裕 桃源 石鼓 白沙 岐江 香晖 中澳 祥和 逢源 柏丽 花样 裕景 康华 彩虹 沙岗 博爱 兴文 起湾 银湾"
)
_ESTATE_LAST = "花园 花苑 新村 雅苑 华庭 名苑 豪庭 公寓 家园 湾畔 名居 山庄 半岛 广场 轩 府 居 郡"
_COMMUNITY_FIRST = (
    "永安 凤鸣 福兴 东升 西城 南塘 北街 新圩 中心 沙边 桥头 太平 联丰 和平 同乐 永宁 "
    "水乡 旗北 圩仔 文昌 华光 光明 胜龙 安乐 新生 裕民"
)
_COMPANIES = "和顺 安居 邻里 香晖 乐家 康泰 信和 百合 恒悦 宁安 中颐 华邻"
ESTATE_FIRST, ESTATE_LAST = _ESTATE_FIRST.split(), _ESTATE_LAST.split()
COMMUNITY_FIRST, COMPANIES = _COMMUNITY_FIRST.split(), _COMPANIES.split()


def person_name(entity: str) -> str:
    """Surname, 某, and one more character."""
    return pick(entity, "surname", SURNAMES) + "某" + pick(entity, "given", GIVEN)


def phone(entity: str) -> str:
    """A number of a form that no operator gives out."""
    return f"1990000{between(entity, 'phone', 0, 9999):04d}"


def estate_name(entity: str, taken: set[str]) -> str:
    """An estate's name that is not taken yet in its street, and takes it."""
    for attempt in range(100):
        first = pick(entity, f"first{attempt}", ESTATE_FIRST)
        name = first + pick(entity, f"last{attempt}", ESTATE_LAST)
        if name not in taken and first[-1] not in name[2:]:
            taken.add(name)
            return name
    raise ValueError(f"no free name for {entity}")
