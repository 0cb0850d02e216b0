// The worked example answers to pointer, finger and keyboard: each button names the picture or the class that is shown.

export default function () {
  const show = (event) => {
    const button = event.target.closest?.(".vpl-example button");
    if (!button || (event.type === "pointerover" && event.pointerType === "touch")) return; // a finger clicks
    const example = button.closest(".vpl-example");
    const part = "look" in button.dataset ? "look" : "of";
    const again = event.type === "click" && part === "of" && example.vplClicked === button.dataset.of;
    example.dataset[part] = again ? "" : button.dataset[part];
    if (event.type === "click" && part === "of") example.vplClicked = example.dataset.of;
    update(example);
  };
  const leave = (event) => {
    const classes = event.target.closest?.(".vpl-classes");
    if (!classes || classes.contains(event.relatedTarget)) return;
    const example = classes.closest(".vpl-example");
    example.dataset.of = example.vplClicked ?? ""; // what was clicked stays
    update(example);
  };
  const handlers = [["pointerover", show], ["focusin", show], ["click", show], ["pointerout", leave], ["focusout", leave]];
  for (const [name, handle] of handlers) document.addEventListener(name, handle);
  return () => { for (const [name, handle] of handlers) document.removeEventListener(name, handle); };
}

function update(example) {
  const { look, of } = example.dataset;
  for (const map of example.querySelectorAll(".vpl-map")) {
    const on = map.dataset.look === look && map.dataset.of === of;
    map.classList.toggle("vpl-on", on);
    if (on) example.querySelector(".vpl-example-words bdi").textContent = map.dataset.words;
  }
  for (const button of example.querySelectorAll("button")) {
    const pressed = "look" in button.dataset ? button.dataset.look === look : button.dataset.of === of;
    button.setAttribute("aria-pressed", pressed);
  }
}
