-- What the filter asks of the MTA.
conn = mt.connect(socket)
assert(conn ~= nil, "mt.connect() failed")
assert(mt.negotiate(conn, 6, nil, nil) == nil, "mt.negotiate() failed")

assert(mt.test_option(conn, SMFIP_RCPT_REJ), "rejected recipients are asked for")
assert(mt.test_option(conn, SMFIP_NOBODY), "bodies are not read")
assert(not mt.test_option(conn, SMFIP_NOEOH),
    "a message without headers must have an end")
assert(not mt.test_option(conn, SMFIP_NOCONNECT))
assert(not mt.test_option(conn, SMFIP_NOHELO))
assert(not mt.test_option(conn, SMFIP_NOMAIL))
assert(not mt.test_option(conn, SMFIP_NORCPT))
assert(not mt.test_option(conn, SMFIP_NR_HDR), "no no-reply flags")
assert(not mt.test_action(conn, SMFIF_ADDHDRS), "nothing is changed")
assert(not mt.test_action(conn, SMFIF_CHGBODY))
mt.disconnect(conn)
