/** IMF-fixdate, RFC 850, asctime. */
const forms = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>[\d:]{8}) GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>[\d:]{8}) GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>\w{3}) (?<day>[ \d]\d) (?<time>[\d:]{8}) (?<year>\d{4})$/,
]

/**
 * Reads a date in one of the three forms of RFC 9110, section 5.6.7, as ms since 1970; NaN for anything else, 31 Feb too.
 * A two-digit year is the latest that is not more than fifty years after `now`. The name of the day is not compared with the date.
 */
export const httpDate = (text: string, now: number): number => {
  for (const form of forms) {
    // `Date` knows no leap second.
    const parts = form.exec(text.replace('23:59:60', '23:59:59'))?.groups
    if (!parts) continue
    const inYear = (year: number | string): number => {
      const date = `${parts.day!.replace(' ', '0')} ${parts.month} ${year} ${parts.time} GMT`
      const ms = Date.parse(date)
      // Written back, because `Date.parse` takes 31 Feb for 3 March and 24:00 for midnight.
      return new Date(ms).toUTCString().endsWith(`, ${date}`) ? ms : NaN
    }
    if (parts.year![2]) return inYear(parts.year!)
    const limit = new Date(now)
    const latest = limit.getUTCFullYear() + 50
    const year = latest - ((latest - +parts.year!) % 100)
    const ms = inYear(year)
    return ms > limit.setUTCFullYear(latest) ? inYear(year - 100) : ms
  }
  return NaN
}
