/** A list that comes page by page; `for await` gives its items. A page may be empty and the list still go on. */
export interface Paged<T> extends AsyncIterable<T> {
  /** Its pages as arrays. */
  pages(): AsyncGenerator<T[], void, undefined>;
  /** Everything there is, in one array. */
  all(): Promise<T[]>;
}
