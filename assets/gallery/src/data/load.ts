/**
 * Loads data by classic scripts that leave a value in `window.lurkData`: pages opened from disk may load nothing else.
 */

declare global {
  interface Window {
    lurkData?: Record<string, unknown>;
  }
}

const CACHED_SCRIPTS = 24;
const cache = new Map<string, Promise<unknown>>();

/** A data script's value, and the address that its own addresses are relative to. */
export interface Loaded<T> {
  value: T;
  base: URL;
}

/** Load a data script, or take it from the cache, and return what it left under `key`; rejects if the file or the key is missing. */
export function loadData<T>(source: string | URL, key: string): Promise<Loaded<T>> {
  const base = new URL(source, document.baseURI);
  const address = base.href;
  let value = cache.get(address);
  if (value) {
    cache.delete(address); // it is set again below, as the most recently used
  } else {
    value = runScript(address).then(() => takeValue(key, address));
    value.catch(() => cache.delete(address));
  }
  cache.set(address, value);
  for (const leastRecent of cache.keys()) {
    if (cache.size <= CACHED_SCRIPTS) break;
    cache.delete(leastRecent);
  }
  return value.then((found) => ({ value: found as T, base }));
}

/** Run a classic script in a tag that is removed once it has run. */
export function runScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.async = true;
    script.onload = () => {
      script.remove();
      resolve();
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`${address} could not be loaded`));
    };
    document.head.append(script);
  });
}

function takeValue(key: string, address: string): unknown {
  const value = window.lurkData?.[key];
  if (value === undefined) throw new Error(`${address} holds no “${key}”`);
  delete window.lurkData?.[key];
  return value;
}

/** Load a data script and return what it left under `key`, without keeping it: for what is large and needed once. */
export async function loadOnce<T>(source: URL, key: string): Promise<T> {
  await runScript(source.href);
  return takeValue(key, source.href) as T;
}
