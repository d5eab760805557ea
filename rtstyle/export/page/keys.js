// Keys, the same as in `rtstyle live` where both have them.

const STEP = 10; // per cent of strength

/** Call actions on key presses, but never while something is typed or a control answers to the key itself. */
export function keys(actions) {
  const plain = {
    b: actions.compare,
    m: actions.mirror,
    s: actions.save,
    f: actions.whole,
    w: actions.brushwork,
    "[": () => actions.strength(-STEP),
    "]": () => actions.strength(STEP),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const free = !event.target.matches("button, input, select"); // these take the space bar for themselves
    if (event.key === " " && free) actions.play();
    else if (/^[1-9]$/.test(event.key)) actions.choose(Number(event.key) - 1);
    else if (plain[event.key]) plain[event.key]();
    else return;
    event.preventDefault();
  });
}
