// Tells the app when the end of a list comes near the window, so that what nobody scrolls to is never made.

export default function ({ data, parentElement, setStateValue }) {
  parentElement.vplSeen?.disconnect();
  parentElement.vplSeen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    parentElement.vplSeen.disconnect();
    setStateValue("seen", data.shown);
  }, { rootMargin: "600px" });
  const end = document.createElement("div");
  end.style.height = "1px";
  parentElement.replaceChildren(end);
  parentElement.vplSeen.observe(end);
}
