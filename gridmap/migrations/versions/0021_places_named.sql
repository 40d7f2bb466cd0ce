-- a place that goes is looked for in all that may name it: without an index each one reads a whole table
CREATE INDEX hotspot_place_ix ON gridmap.hotspot (street_id, place_id);
CREATE INDEX joint_inspection_place_ix ON gridmap.joint_inspection (street_id, place_id) WHERE place_id IS NOT NULL;
CREATE INDEX unplaced_place_ix ON gridmap.unplaced (street_id, place_id) WHERE place_id IS NOT NULL;
CREATE INDEX parking_notice_place_ix ON gridmap.parking_notice (street_id, place_id);
CREATE INDEX parking_turn_place_ix ON gridmap.parking_turn (street_id, place_id);
CREATE INDEX diary_place_ix ON gridmap.diary (street_id, place_id) WHERE place_id IS NOT NULL;
CREATE INDEX hotline_order_place_ix ON gridmap.hotline_order (street_id, place_id) WHERE place_id IS NOT NULL;
