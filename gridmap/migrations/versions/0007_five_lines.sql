-- Which of the five lines of a stairwell are filled at a moment, as bits: 1 for the first line, 2 for the second, and so
-- on. A line is filled by whoever holds a role of it on the stairwell or on what it lies in, not on single households.
-- As the owner, so that a line is filled for everybody who sees the stairwell; it names nobody.
CREATE FUNCTION gridmap.lines_at(
  street integer, place bigint, parent bigint, grid bigint, micro_grid bigint, estate bigint, moment timestamptz
) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT coalesce(bit_or(1 << (r.line - 1)), 0)
  FROM gridmap.assignment a
  JOIN gridmap.duty_role r ON r.code = a.role AND r.line BETWEEN 1 AND 5
  WHERE a.street_id = street AND a.valid @> moment AND a.place_id IN (place, parent, grid, micro_grid, estate)
    AND a.unit = '';
END;

REVOKE ALL ON FUNCTION gridmap.lines_at(integer, bigint, bigint, bigint, bigint, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.lines_at(integer, bigint, bigint, bigint, bigint, bigint, timestamptz) TO gridmap_app;
