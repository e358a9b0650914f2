#include "store/db.h"

enum store_result
store_audit_put(struct store *store, const struct audit *audit)
{
	sqlite3_stmt *statement = db_statement(store, DB_AUDIT_PUT,
	    "INSERT INTO audit (at, who, what, subject, note)"
	    " VALUES (:at, :who, :what, :subject, :note)");

	db_bind_int(statement, ":at", audit->at);
	db_bind_text(statement, ":who", audit->who);
	db_bind_text(statement, ":what", audit->what);
	db_bind_text(statement, ":subject", audit->subject);
	db_bind_text(statement, ":note", audit->note);
	return db_run(store, statement);
}
