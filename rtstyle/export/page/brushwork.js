// Strokes of a brush for places where there is nothing to paint: what stages/brushwork.py does, for a page.

const SIDE = 512; // cells of the pattern, which then begins again
const CELL = 2; // px
const DETAIL = 12; // grey levels, the contrast at which half of a stroke is left
const NEAR = 8; // px: contrast is measured in squares of that side, and around them
const GAUSS = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((x) => Math.exp((-x * x) / 2));
const GAUSS_SUM = GAUSS.reduce((sum, weight) => sum + weight);

export class Brushwork {
  /** For pictures of `width` × `height`; `pattern`: 512 × 512 differences in grey levels, int8. */
  constructor(pattern, width, height) {
    Object.assign(this, { width, height });
    this.columns = Math.max(1, Math.floor(width / NEAR));
    this.rows = Math.max(1, Math.floor(height / NEAR));
    this.across = between(width, this.columns, width / this.columns);
    this.down = between(height, this.rows, height / this.rows);
    this.strokes = laidOut(pattern, width, height);
  }

  /** Lay strokes on uint8 RGB (H, W, 3), as much as `amount`, 0 to 1, says; fewer where it has contrast of its own. */
  lay(rgb, amount) {
    const room = this.room(rgb, amount);
    const { width, height, across, down, columns, strokes } = this;
    const bytes = new Uint8ClampedArray(rgb.buffer);
    for (let y = 0, pixel = 0; y < height; y++) {
      const { low, high, share } = down[y];
      const line = room.slice(low * columns, (low + 1) * columns);
      for (let x = 0; x < columns; x++) line[x] += share * (room[high * columns + x] - line[x]);
      for (let x = 0; x < width; x++, pixel++) {
        const { low: left, high: right, share: near } = across[x];
        const stroke = strokes[pixel] * (line[left] + near * (line[right] - line[left]));
        for (let channel = 3 * pixel; channel < 3 * pixel + 3; channel++) bytes[channel] += stroke;
      }
    }
  }

  /** How much of a stroke is laid in every square, 0 to 1. */
  room(rgb, amount) {
    const { columns, rows } = this;
    const [sums, squares, counts] = [0, 1, 2].map(() => new Float32Array(columns * rows));
    this.eachGrey(rgb, (grey, square) => {
      sums[square] += grey;
      squares[square] += grey * grey;
      counts[square] += 1;
    });
    const [mean, power] = [sums, squares].map((total) => blurred(total.map((sum, i) => sum / counts[i]), columns, rows));
    return mean.map((grey, i) => amount / (1 + Math.max(0, power[i] - grey * grey) / DETAIL ** 2));
  }

  /** Call `found` with the mean grey of every 2 × 2 px and the number of the square that they lie in. */
  eachGrey(rgb, found) {
    const { width, height, columns, rows } = this;
    for (let y = 0; y < height; y += 2) {
      const below = y + 1 < height ? 3 * width : 0;
      const row = Math.floor((y * rows) / height) * columns;
      for (let x = 0; x < width; x += 2) {
        const here = 3 * (y * width + x);
        const right = x + 1 < width ? 3 : 0;
        const sum = (channel) =>
          rgb[here + channel] + rgb[here + right + channel] + rgb[here + below + channel] + rgb[here + below + right + channel];
        found((0.299 * sum(0) + 0.587 * sum(1) + 0.114 * sum(2)) / 4, row + Math.floor((x * columns) / width));
      }
    }
  }
}

/** The pattern, again and again, over `width` × `height`. */
function laidOut(pattern, width, height) {
  const strokes = new Float32Array(width * height);
  const [across, down] = [width, height].map((side) => between(side, Math.ceil(side / CELL), CELL));
  for (let y = 0, pixel = 0; y < height; y++) {
    const [above, below] = [down[y].low, down[y].high].map((cell) => (cell % SIDE) * SIDE);
    for (let x = 0; x < width; x++, pixel++) {
      const [left, right] = [across[x].low % SIDE, across[x].high % SIDE];
      const upper = pattern[above + left] + across[x].share * (pattern[above + right] - pattern[above + left]);
      const lower = pattern[below + left] + across[x].share * (pattern[below + right] - pattern[below + left]);
      strokes[pixel] = upper + down[y].share * (lower - upper);
    }
  }
  return strokes;
}

/** Between which of `few` cells of `px` the middle of every pixel lies, and how near the second. */
function between(side, few, px) {
  return Array.from({ length: side }, (_, pixel) => {
    const place = Math.min(few - 1, Math.max(0, (pixel + 0.5) / px - 0.5));
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, few - 1), share: place - low };
  });
}

/** Values of `columns` × `rows` cells, blurred by one cell; what lies outside is mirrored. */
function blurred(values, columns, rows) {
  const along = (from, count, step, line) =>
    from.map((_, cell) => {
      const place = line(cell);
      let sum = 0;
      for (let i = 0; i < GAUSS.length; i++) {
        const other = mirrored(place + i - 4, count);
        sum += GAUSS[i] * from[cell + (other - place) * step];
      }
      return sum / GAUSS_SUM;
    });
  const once = along(values, columns, 1, (cell) => cell % columns);
  return along(once, rows, columns, (cell) => Math.floor(cell / columns));
}

function mirrored(place, count) {
  if (count === 1) return 0;
  const turn = 2 * (count - 1);
  const beyond = ((place % turn) + turn) % turn;
  return Math.min(beyond, turn - beyond);
}
