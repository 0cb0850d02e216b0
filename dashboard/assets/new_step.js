// A new step is read from its top: on a phone, the button that leads to it stands at the bottom of the one before.
let shown;

export default function ({ data }) {
  if (shown !== undefined && shown !== data.place) document.querySelector(".stMain")?.scrollTo({ top: 0 });
  shown = data.place;
}
