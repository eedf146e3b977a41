/** The scripts that draw: `lurk.js`, which every page of a site loads, loads each of them only where an element needs it. */
import { runScript } from "../data/load";
import type { LayerData, LiveData, MatrixData, ModelData, QuizData } from "../data/schema";

/** Draw data into an element, until the signal ends. */
export type Draw<T> = (element: HTMLElement, data: T, base: URL, signal: AbortSignal) => void;

declare global {
  interface Window {
    lurkDrawGallery?: Draw<LayerData>;
    lurkDrawLive?: Draw<LiveData>;
    lurkDrawMap?: Draw<ModelData>;
    lurkDrawMatrix?: Draw<MatrixData>;
    lurkDrawPhotos?: Draw<ModelData>;
    lurkDrawQuiz?: Draw<QuizData>;
  }
}

const FILES = {
  lurkDrawGallery: "lurk-gallery.js",
  lurkDrawLive: "lurk-live.js",
  lurkDrawMap: "lurk-map.js",
  lurkDrawMatrix: "lurk-matrix.js",
  lurkDrawPhotos: "lurk-gallery.js",
  lurkDrawQuiz: "lurk-quiz.js",
} as const;
/** The name of a function in `window` that draws. */
export type Drawing = keyof typeof FILES;
const ownScript = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : null;
const loading = new Map<string, Promise<void>>();

/** Make sure that a function is there: run the script beside this one that leaves it in `window`. */
export function loadDrawing(name: Drawing): Promise<void> {
  if (window[name]) return Promise.resolve();
  let script = loading.get(name);
  if (!script) {
    script = runScript(new URL(FILES[name], ownScript ?? document.baseURI).href).catch((error: Error) => {
      loading.delete(name); // the next element tries again
      throw error;
    });
    loading.set(name, script);
  }
  return script;
}
