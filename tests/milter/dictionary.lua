-- Twenty unknown recipients, and the next command is refused.
conn = mt.connect(socket)
assert(conn ~= nil, "mt.connect() failed")
mt.macro(conn, SMFIC_CONNECT, "{daemon_port}", "25")
assert(mt.conninfo(conn, "bad.test", "203.0.113.20") == nil)
assert(mt.helo(conn, "bad.test") == nil)
assert(mt.mailfrom(conn, "<eve@bad.test>") == nil)
for number = 1, 20 do
	mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "error",
	    "{rcpt_host}", "5.1.1",
	    "{rcpt_addr}", "Recipient address rejected: User unknown")
	assert(mt.rcptto(conn, "<x" .. number .. "@example.test>") == nil)
	assert(mt.getreply(conn) == SMFIR_CONTINUE,
	    "the MTA's own rejection is left alone")
end
mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "local")
assert(mt.rcptto(conn, "<user1@example.test>") == nil)
assert(mt.getreply(conn) == SMFIR_REPLYCODE, "an existing one is refused")
assert(mt.abort(conn) == nil)
assert(mt.mailfrom(conn, "<eve@bad.test>") == nil)
mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "local")
assert(mt.rcptto(conn, "<abuse@example.test>") == nil)
assert(mt.getreply(conn) == SMFIR_CONTINUE, "abuse@ is reachable")
mt.disconnect(conn)
