// Counts the clicks on a button and tells the app their number, so that quick ones are not lost: the button's own event
// says only that it was clicked at all, and is stopped here.

export default function ({ data, parentElement, setStateValue }) {
  window.removeEventListener("click", parentElement.vplCount, true);
  parentElement.vplClicks = Math.max(parentElement.vplClicks ?? 0, data.clicks);
  parentElement.vplCount = (event) => {
    if (!parentElement.isConnected) return window.removeEventListener("click", parentElement.vplCount, true);
    if (!event.target.closest?.(`.st-key-${data.button} button:enabled`)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    parentElement.vplClicks += 1;
    setStateValue("clicks", parentElement.vplClicks);
  };
  window.addEventListener("click", parentElement.vplCount, true);
}
