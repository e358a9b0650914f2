-- What is live is counted from the index alone, by its cause, too.

DROP INDEX ban_by_end;
CREATE INDEX ban_by_end ON ban
    (ends, begins, cleared, observed, family, reason, step, client);
-- What is only observed, where there is little of it.
CREATE INDEX ban_by_observed ON ban (ends) WHERE observed <> 0;
