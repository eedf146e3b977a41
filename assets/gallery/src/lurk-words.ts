/** The entry of the script that sites in other languages load before `lurk.js`. */
import { keepTranslated, Words } from "./words";

const words = new Words(document.documentElement.lang);
if (!words.empty) window.lurkTranslate = (element, signal) => keepTranslated(element, signal, words);
