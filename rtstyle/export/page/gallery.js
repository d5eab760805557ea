// The styles to choose from: a card each, with a sample that the network itself paints.

const SAMPLE = { width: 192, height: 108 };

/** Make the cards in `place`; `chosen(index)` is called when one is picked. Gives the inputs, one a style. */
export function hang(place, styles, chosen) {
  return styles.map((style, index) => {
    const card = document.createElement("label");
    card.className = "card";
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "style", value: index });
    input.addEventListener("change", () => chosen(index));
    const canvas = Object.assign(document.createElement("canvas"), SAMPLE);
    canvas.setAttribute("aria-hidden", "true");
    const name = Object.assign(document.createElement("span"), { className: "name", textContent: style.name });
    card.append(input, canvas, name);
    place.append(card);
    return input;
  });
}

/** Paint a sample of every style, one after the other; `idle` is awaited between them, so that what matters goes first. */
export async function paintSamples(place, styles, { source, painter, idle }) {
  const canvases = place.querySelectorAll("canvas");
  for (const [index, style] of styles.entries()) {
    await idle();
    try {
      const { image, painted } = await painter.paint(await source.grab(), SAMPLE, style);
      const context = canvases[index].getContext("2d");
      context.drawImage(painted, 0, 0, SAMPLE.width, SAMPLE.height);
      canvases[index].classList.add("painted");
      image.close();
      painted.close();
    } catch (error) {
      console.warn(error); // its card stays empty; who chooses it is told
    }
  }
}

/** Whose work it is, in a line. */
export function creditOf({ title, artist, year, licence }) {
  return [title && `After “${title}”`, artist, year, licence].filter(Boolean).join(" · ");
}
