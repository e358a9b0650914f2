-- Whole messages pass, one after the other in one session.
function fine(what, result)
	assert(result == nil, what .. ": " .. tostring(result))
	assert(mt.getreply(conn) == SMFIR_CONTINUE or
	    mt.getreply(conn) == SMFIR_ACCEPT, what .. ": not continued")
end

conn = mt.connect(socket)
assert(conn ~= nil, "mt.connect() failed")
mt.macro(conn, SMFIC_CONNECT, "{daemon_name}", "mx.example.test",
    "{daemon_port}", "25")
fine("connect", mt.conninfo(conn, "good.test", "192.0.2.10"))
fine("helo", mt.helo(conn, "good.test"))
for message = 1, 5 do
	fine("mail", mt.mailfrom(conn, "<bob@good.test>", "SIZE=100"))
	for recipient = 1, 3 do
		mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "local")
		fine("rcpt", mt.rcptto(conn, "<user1@example.test>",
		    "NOTIFY=NEVER"))
	end
	fine("data", mt.data(conn))
	fine("header", mt.header(conn, "Subject", "hello"))
	fine("header", mt.header(conn, "X-Spam-Status", "No,\n\tscore=0"))
	fine("eoh", mt.eoh(conn))
	fine("eom", mt.eom(conn))
end
mt.disconnect(conn)
