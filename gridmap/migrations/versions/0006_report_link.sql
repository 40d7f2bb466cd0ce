-- Links that show one estate's report of one month to whoever has them.

CREATE TABLE gridmap.report_link (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  month DATE NOT NULL,
  created_by BIGINT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  revoked_by BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT report_link_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT report_link_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT report_link_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT report_link_lasts_check CHECK (created_at < expires_at),
  CONSTRAINT report_link_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.report_link IS 'Who has the link reads the report of one estate and month; the signature in it is not kept.';
COMMENT ON COLUMN gridmap.report_link.place_id IS 'the estate';
COMMENT ON COLUMN gridmap.report_link.month IS 'its first day';
CREATE INDEX report_link_place_ix ON gridmap.report_link (street_id, place_id, month);

ALTER TABLE gridmap.report_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.report_link
  USING (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id))
  WITH CHECK (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id));
GRANT SELECT, INSERT, UPDATE ON gridmap.report_link TO gridmap_app;
