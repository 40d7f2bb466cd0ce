"""The 12345 hotline: orders from its files become cases, what has no place waits, answers go back in its columns."""

from gridmap.incidents.hotline.mappings import read_mappings, save_mapping
from gridmap.incidents.hotline.orders import Order, Refused, read_orders
from gridmap.incidents.hotline.placing import drop_order, place_order, requeue_order
from gridmap.incidents.hotline.taking import Judged, Source, count_states, judge_orders, take_orders

__all__ = [
    "Judged",
    "Order",
    "Refused",
    "Source",
    "count_states",
    "drop_order",
    "judge_orders",
    "place_order",
    "read_mappings",
    "read_orders",
    "requeue_order",
    "save_mapping",
    "take_orders",
]
