// Counts the clicks on a button and tells the app their number and when the latest were, so that quick ones are not
// lost and each belongs to what was drawn when it came: the button's own event says only that it was clicked at all, and
// is stopped here. Whoever listens at the document hears "vpl-counted" at once, with {button}.

const LATEST = 100;

export default function ({ data, parentElement, setStateValue }) {
  window.removeEventListener("click", parentElement.vplCount, true);
  parentElement.vplClicks = Math.max(parentElement.vplClicks ?? 0, data.clicks);
  parentElement.vplCount = (event) => {
    if (!parentElement.isConnected) return window.removeEventListener("click", parentElement.vplCount, true);
    if (!event.target.closest?.(`.st-key-${data.button} button:enabled`)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    parentElement.vplClicks += 1;
    parentElement.vplTimes = [...(parentElement.vplTimes ?? []), Date.now()].slice(-LATEST);
    document.dispatchEvent(new CustomEvent("vpl-counted", { detail: { button: data.button } }));
    setStateValue("clicks", { number: parentElement.vplClicks, at: parentElement.vplTimes });
  };
  window.addEventListener("click", parentElement.vplCount, true);
}
