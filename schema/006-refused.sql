-- Who was refused last.

CREATE INDEX ban_by_told ON ban (told) WHERE told IS NOT NULL;
