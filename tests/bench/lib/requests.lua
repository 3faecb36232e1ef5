-- The requests of one load for wrk: BENCH_REQUESTS names a file with one a line
-- (method, path, token, body; between tabs), of which each is as likely.
local wanted, threads = {}, 0

function setup(thread)
    thread:set("seed", threads)
    threads = threads + 1
end

function init()
    math.randomseed(os.time() + seed * 7919)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do
        local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
        local headers = { Host = wrk.headers["Host"] }
        if token ~= "" then headers["Authorization"] = "Bearer " .. token end
        if body ~= "" then headers["Content-Type"] = "application/json" end
        wanted[#wanted + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
end

function request()
    return wanted[math.random(#wanted)]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\nRESULT {"requests":%d,"us":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
