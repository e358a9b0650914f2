-- Steps again and again, and in the wrong places.
conn = mt.connect(socket)
assert(conn ~= nil, "mt.connect() failed")
mt.macro(conn, SMFIC_CONNECT, "{daemon_port}", "25")
mt.conninfo(conn, "odd.test", "203.0.113.30")
for round = 1, 3 do
	mt.helo(conn, "odd.test")
	mt.abort(conn)
	mt.unknown(conn, "FOO")
	mt.mailfrom(conn, "<>")
	mt.mailfrom(conn, "<postmaster@odd.test>")
	mt.rcptto(conn, "<user1@example.test>")
	mt.helo(conn, "odder.test")
	mt.abort(conn)
	mt.abort(conn)
end
mt.disconnect(conn)

-- Ends without a word, after each step.
local steps = {
	function(c) mt.conninfo(c, "odd.test", "203.0.113.31") end,
	function(c) mt.helo(c, string.rep("h", 900)) end,
	function(c) mt.mailfrom(c, "<" .. string.rep("m", 900) .. ">") end,
	function(c) mt.rcptto(c, "<" .. string.rep("r", 900) .. ">") end,
	function(c) mt.unknown(c, string.rep("u", 900)) end,
	function(c) mt.data(c) end,
	function(c) mt.header(c, "X-Spam-Flag", string.rep("v", 900)) end,
}
for last = 1, #steps do
	local c = mt.connect(socket)
	assert(c ~= nil, "mt.connect() failed")
	for step = 1, last do
		steps[step](c)
	end
	mt.disconnect(c, false)
end
