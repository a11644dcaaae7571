/** The relay's decision in JSON texts; see the crate's `js/relay.rs`. */
export class RelayCore {
  /** Throws what is wrong with the options, all of it. */
  constructor(options: string);
  admit(method: string, target: string, headers: string, ownOrigin?: string): string;
  upstream(method: string, target: string, headers: string, ownOrigin: string | undefined, body: Uint8Array): string;
  answer(route: string, status: number, headers: string): string;
  public_error(status: number, body: Uint8Array, requestId?: string): string;
  too_many(waitMs: number, requestId?: string): string;
  cut_event(why: string): string;
  rate(key: string, nowMs: number): number;
  facts(): string;
}
/** Text of a request, fit for a line of a log. */
export function logSafe(text: string): string;
/** Whether two secrets are the same, in a time that depends on their lengths alone. */
export function sameSecret(one: Uint8Array, other: Uint8Array): boolean;
/** The `set-cookie` value of a login, in the one strict form; `maxAge` in seconds. Throws when name or value cannot stand in a cookie. */
export function sessionCookie(name: string, value: string, maxAge: number): string;
