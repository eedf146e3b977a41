/** What the confusion matrix holds. */

/**
 * A confusion matrix, in an attribute of its element. Classes stand in the order of the outputs; `places` are those that anchors of
 * pictures name. `squares` has three numbers for each with pictures: the class, the one that it is taken for, and the pictures.
 */
export interface MatrixData {
  names: string[];
  places: number[];
  pictures: number[];
  order: number[];
  squares: number[];
  left_out: number;
}
