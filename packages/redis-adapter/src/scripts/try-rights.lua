#!lua
-- Does what every other script may do, and leaves nothing behind: fails where this user of Redis has not the right to.
-- KEYS  1 lock:{<a name that nobody uses>}
-- ARGV  1 clock · 2 pub/sub channel
-- reply 1

-- include store

redis.call('HSET', KEYS[1], 'run', store_run(), 'now', digits(store_now()))
redis.call('PEXPIRE', KEYS[1], 1000)
redis.call('HGET', KEYS[1], 'run')
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], '0 []')
return 1
