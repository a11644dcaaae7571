// The current time in any time zone the browser knows.

/** A place or zone that names no time zone. */
export class TimeZoneError extends Error {
  override name = "TimeZoneError";
}

/** What `current_time` answers. */
export interface TimeReading {
  time_zone: string;
  /** ISO 8601 with the zone's offset, to the second. */
  iso: string;
  /** The same for reading aloud, in English as the conversation is. */
  text: string;
}

/** Reads the clock in an IANA zone (`Europe/Lisbon`) or a city that names one (`Lisbon`, `new york`); without one, here. */
export function readClock(zone: string | undefined, now: Date): TimeReading {
  const time_zone = resolveZone(zone);
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: time_zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    })
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const offset = (parts["timeZoneName"] ?? "GMT").replace("GMT", "") || "+00:00";
  const iso = `${parts["year"]}-${parts["month"]}-${parts["day"]}T${parts["hour"]}:${parts["minute"]}:${parts["second"]}${offset}`;
  const text = new Intl.DateTimeFormat("en-GB", { timeZone: time_zone, dateStyle: "full", timeStyle: "short" }).format(now);
  return { time_zone, iso, text };
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
  throw new TimeZoneError(`"${wanted}" is neither a time zone nor a city that names one. Give an IANA name such as Europe/Lisbon or Asia/Tokyo.`);
}
