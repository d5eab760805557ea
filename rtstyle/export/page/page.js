// The page's elements, by their ids.

export function at(id) {
  return document.getElementById(id);
}
