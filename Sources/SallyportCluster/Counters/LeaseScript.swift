import Crypto

/// A program that the server runs as one step, so that no gateway can come between its reading and its writing.
/// The server's clock is the only one that counts.
package struct LeaseScript: Sendable {
    package let text: String
    /// By which the server knows it: SHA-1 in hexadecimal, as EVALSHA wants it.
    package let digest: String

    init(_ text: String) {
        self.text = text
        let hash = Insecure.SHA1.hash(data: Array(text.utf8))
        digest = hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The generic cell rate algorithm. The key holds the time in microseconds at which all of the burst is there
    /// again, and ends then.
    ///
    /// KEYS: the caller. ARGV: microseconds of a period, amount of a period, burst, tokens wanted, tokens owed, tokens
    /// given back. Returns: tokens granted, tokens left, microseconds until one can be had, microseconds until full.
    package static let pace = LeaseScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local token = ARGV[1] / ARGV[2]
        local burst = tonumber(ARGV[3])
        local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
        full = math.max(full - ARGV[6] * token, now) + ARGV[5] * token
        local room = math.max(0, math.floor(burst - (full - now) / token + 0.000001))
        local granted = math.min(tonumber(ARGV[4]), room)
        full = full + granted * token
        local ahead = full - now
        if ahead > 0 then
          redis.call('SET', KEYS[1], string.format('%.17g', full), 'PX', math.ceil(ahead / 1000) + 1)
        else
          redis.call('DEL', KEYS[1])
        end
        local wait = math.max(0, math.ceil(ahead - (burst - 1) * token))
        return {granted, room - granted, wait, math.ceil(math.max(0, ahead))}
        """)

    /// A sliding-window counter over days or months, UTC. The key is a hash of the window's number, what was used in
    /// it, and what was used in the one before.
    ///
    /// KEYS: the caller. ARGV: `day` or `month`, limit, tokens wanted, tokens owed, tokens given back. Returns as
    /// `pace`.
    package static let calendar = LeaseScript(
        """
        local function window(seconds)
          local day = math.floor(seconds / 86400)
          if ARGV[1] == 'day' then return day, day * 86400, day * 86400 + 86400 end
          local function first(year, month)
            if month <= 2 then year = year - 1 end
            local era = math.floor(year / 400)
            local ofEra = year - era * 400
            local shifted = month > 2 and month - 3 or month + 9
            local ofYear = math.floor((153 * shifted + 2) / 5)
            return era * 146097 + ofEra * 365 + math.floor(ofEra / 4) - math.floor(ofEra / 100) + ofYear - 719468
          end
          local march = day + 719468
          local era = math.floor(march / 146097)
          local ofEra = march - era * 146097
          local year = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524)
            - math.floor(ofEra / 146096)) / 365)
          local ofYear = ofEra - (365 * year + math.floor(year / 4) - math.floor(year / 100))
          local shifted = math.floor((5 * ofYear + 2) / 153)
          local month = shifted < 10 and shifted + 3 or shifted - 9
          year = year + era * 400 + (month <= 2 and 1 or 0)
          local nextYear = month == 12 and year + 1 or year
          local nextMonth = month == 12 and 1 or month + 1
          return year * 12 + month, first(year, month) * 86400, first(nextYear, nextMonth) * 86400
        end
        local now = tonumber(redis.call('TIME')[1])
        local number, start, finish = window(now)
        local known = redis.call('HMGET', KEYS[1], 'window', 'current', 'previous')
        local at, current, previous = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[3] or 0)
        if at < number then
          previous = at == number - 1 and current or 0
          current = 0
        end
        local limit = tonumber(ARGV[2])
        current = math.max(0, current - ARGV[5]) + ARGV[4]
        local counted = math.floor(previous * (finish - now) / (finish - start))
        local room = math.max(0, limit - current - counted)
        local granted = math.min(tonumber(ARGV[3]), room)
        current = current + granted
        if current > 0 or previous > 0 then
          redis.call('HSET', KEYS[1], 'window', number, 'current', current, 'previous', previous)
          local _, _, later = window(finish)
          redis.call('PEXPIRE', KEYS[1], (later - now) * 1000)
        end
        local wait = 0
        local isDenied = granted == 0 and tonumber(ARGV[3]) > 0
        if isDenied and current < limit then
          wait = finish - math.floor(((limit - current) * (finish - start) - 1) / previous) - now
        elseif isDenied then
          local _, from, to = window(finish)
          wait = to - math.floor((limit * (to - from) - 1) / current) - now
        end
        return {granted, room - granted, math.max(0, wait) * 1000000, (finish - now) * 1000000}
        """)

    /// Says that a gateway is there, and counts those that have said so lately.
    ///
    /// KEYS: the set of gateways. ARGV: name of this one, milliseconds for which one counts; 0: this one leaves.
    /// Returns: their number.
    package static let presence = LeaseScript(
        """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        if ARGV[2] == '0' then
          redis.call('ZREM', KEYS[1], ARGV[1])
        else
          redis.call('ZADD', KEYS[1], now, ARGV[1])
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
          redis.call('PEXPIRE', KEYS[1], ARGV[2])
        end
        return redis.call('ZCARD', KEYS[1])
        """)
}
