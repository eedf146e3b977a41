/** The script of pages with a confusion matrix: leaves the function that draws into `<lurk-matrix>`. */
import { ConfusionMatrix } from "./matrix/matrix";

window.lurkDrawMatrix = (element, data, _base, signal) => new ConfusionMatrix(element, data, signal).start();
