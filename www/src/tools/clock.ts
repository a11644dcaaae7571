// The current time in any time zone the browser knows.

/** A place or zone that names no time zone. */
export class TimeZoneError extends Error {
  override name = "TimeZoneError";
}

/** What `current_time` answers. */
export interface TimeReading {
  time_zone: string;
  /** Date and time there, as one says it. */
  local_time: string;
  /** Hours and minutes ahead of UTC, such as `+09:00`. */
  utc_offset: string;
}

/** Reads the clock in an IANA zone (`Europe/Lisbon`) or a city that names one (`Lisbon`, `new york`); without one, here. */
export function readClock(zone: string | undefined, now: Date): TimeReading {
  const time_zone = resolveZone(zone);
  const offset =
    new Intl.DateTimeFormat("en-GB", { timeZone: time_zone, timeZoneName: "longOffset" })
      .formatToParts(now)
      .find(({ type }) => type === "timeZoneName")?.value ?? "";
  return {
    time_zone,
    local_time: new Intl.DateTimeFormat("en-GB", { timeZone: time_zone, dateStyle: "full", timeStyle: "short" }).format(now),
    utc_offset: offset.replace("GMT", "") || "+00:00",
  };
}

function resolveZone(zone: string | undefined): string {
  const wanted = zone?.trim();
  if (!wanted) return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  try {
    return new Intl.DateTimeFormat("en", { timeZone: wanted }).resolvedOptions().timeZone;
  } catch {
    // Not a zone's own name; perhaps the city that names one.
  }
  // "tokyo", "New York, USA", "the city of Lisbon": the longest city name that stands in it as whole words.
  const words = ` ${wanted.toLowerCase().replace(/[^\p{L}]+/gu, " ")} `;
  let found: { zone: string; city: string } | undefined;
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    const city = zone.toLowerCase().split("/").at(-1)?.replace(/[_-]+/g, " ") ?? "";
    if (city.length > (found?.city.length ?? 2) && words.includes(` ${city} `)) found = { zone, city };
  }
  if (found) return found.zone;
  throw new TimeZoneError(
    `"${wanted}" is neither a time zone nor a city that names one. Give an IANA name such as Europe/Lisbon or Asia/Tokyo.`,
  );
}
