/** Remembers what was worked out before, up to a size; when it is full, the oldest go. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  /** @param size bytes that the entry keeps, roughly; one that is too big to keep is not */
  set(key: string, value: V, size: number): void;
  /** Bytes kept. */
  readonly size: number;
}

/** @param most bytes: what strangers send is kept in it, so a count of entries would be no bound */
export function boundedCache<V>(most: number): BoundedCache<V> {
  const entries = new Map<string, { value: V; size: number }>();
  let total = 0;
  const drop = (key: string): void => {
    total -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  };
  return {
    get: (key) => entries.get(key)?.value,
    set: (key, value, size) => {
      drop(key);
      if (size > most) return;
      for (const oldest of entries.keys()) {
        if (total + size <= most) break;
        drop(oldest);
      }
      entries.set(key, { value, size });
      total += size;
    },
    get size() {
      return total;
    },
  };
}
