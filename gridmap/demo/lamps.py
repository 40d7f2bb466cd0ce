"""A list of street lamps as an office writes it, with what is wrong in such lists: brought in by the demo's planner."""

FILE = "东区路灯台账.csv"
SOURCE = "东区街道办"
STREET = "442000002"
LAMPS = """\
东区街道路灯台账(2026年3月),,,,
名称,地址,类型,经度,纬度
花苑北路1号灯,花苑社区花苑北路,路灯,113.40220,22.51895
花苑北路2号灯,花苑社区花苑北路,路灯,113.40290,22.51905
花苑北路3号灯,花苑社区花苑北路,路灯,113.40370,22.51915
花苑中路1号灯,花苑社区花苑中路,路灯,22.51815,113.40215
花苑中路2号灯,花苑社区花苑中路,路灯,22.51825,113.40300
花苑中路3号灯,花苑社区花苑中路,路灯,１１３．４０３８０,２２．５１８３５
花苑南路1号灯,花苑社区花苑南路,路灯,0,0
花苑南路2号灯,花苑社区花苑南路,路灯,,
花苑南路3号灯,花苑社区花苑南路,路灯,121.47370,31.23040
花苑南路4号灯,花苑社区花苑南路,路灯,待测,待测
合计,,10,,
"""
"""Three as they should be, two with latitude first, one with full-width digits, four without a position, a total."""
