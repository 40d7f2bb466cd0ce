"""Where a Chinese name has its surname."""

OF_TWO = frozenset(
    (
        *(
            "欧阳",
            "司马",
            "上官",
            "诸葛",
            "东方",
            "皇甫",
            "尉迟",
            "公孙",
            "令狐",
            "慕容",
            "夏侯",
            "司徒",
            "轩辕",
            "端木",
        ),
        *(
            "长孙",
            "宇文",
            "独孤",
            "南宫",
            "西门",
            "百里",
            "闻人",
            "申屠",
            "淳于",
            "太史",
            "公羊",
            "澹台",
            "赫连",
            "濮阳",
        ),
    )
)
"""Surnames of two characters that are still common."""


def surname_of(name: str) -> str:
    """The surname that a Chinese name begins with."""
    return name[:2] if name[:2] in OF_TWO else name[:1]
