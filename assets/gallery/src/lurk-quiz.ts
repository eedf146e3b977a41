/** The script of pages with a quiz: leaves the function that draws into `<lurk-quiz>`. */
import { Quiz } from "./quiz/quiz";

window.lurkDrawQuiz = (element, data, base, signal) => new Quiz({ element, data, base, signal }).start();
