/**
 * Data arrives by classic scripts that put a value into `window.lurkData`, because pages opened from disk may load nothing else.
 */

declare global {
  interface Window {
    lurkData?: Record<string, unknown>;
  }
}

const KEPT = 24;
const pending = new Map<string, Promise<unknown>>();

/** A data script's value, and the address that its own addresses are relative to. */
export interface Loaded<T> {
  value: T;
  base: URL;
}

/** Load a data script once and hand out what it left under `key`; rejects where the file or the key is missing. */
export function loadData<T>(source: string | URL, key: string): Promise<Loaded<T>> {
  const base = new URL(source, document.baseURI);
  const address = base.href;
  let promise = pending.get(address);
  if (promise) {
    pending.delete(address); // moves it to the young end
  } else {
    promise = runScript(address).then(() => take(key, address));
    promise.catch(() => pending.delete(address));
  }
  pending.set(address, promise);
  for (const old of pending.keys()) {
    if (pending.size <= KEPT) break;
    pending.delete(old);
  }
  return promise.then((value) => ({ value: value as T, base }));
}

/** Run a classic script by a tag of its own, which goes once it has run. */
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

function take(key: string, address: string): unknown {
  const value = window.lurkData?.[key];
  if (value === undefined) throw new Error(`${address} holds no “${key}”`);
  delete window.lurkData?.[key];
  return value;
}
