# Cost of a walk: a column a guest page, a row a second-level page and arm, a panel a backing.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

top = 66 - up; bottom = 66; right = 24
h = (height - top - bottom) / (1.0 * n_panels)
# From light to dark in the order of the costs; on a scale of factors.
array TONES = [0xfbf0cf, 0xf0d794, 0xd9bd62, 0xa5a763, 0x5f9370, 0x2d7267, 0x1c524c, 0x11312f]
share(v) = value_max > value_min ? log(v / value_min) / log(value_max / value_min) : 0
tone(v) = TONES[int(7.99 * share(v)) + 1]
is_dark(v) = 7.99 * share(v) >= 5
# "23.3 ns|24 reads|21.0 ns to 25.1 ns": the value, the reads of a walk, the interval.
tail(s) = strstrt(s, "|") == 0 ? "" : s[strstrt(s, "|") + 1:*]
head(s) = strstrt(s, "|") == 0 ? s : s[1:strstrt(s, "|") - 1]
part(s, k) = k == 1 ? head(s) : part(tail(s), k - 1)
set style fill solid 1 noborder
set multiplot
do for [p = 1:n_panels] {
	set lmargin at screen px(left)
	set rmargin at screen 1 - px(right)
	set tmargin at screen 1 - py(top + (p - 1) * h + 30)
	set bmargin at screen 1 - py(top + p * h)
	set xrange [x_min:x_max]
	set yrange [n_rows - 0.5:-0.5]
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_rows] { set ytics add (esc(broken(ROW[i])) i - 1) }
	do for [i = 1:n_xticks] {
		set xtics add (p == n_panels ? esc(XTICK_NAME[i]) : "" XTICK[i])
	}
	unset grid
	if (p == n_panels) { set xlabel x_title tc rgb SOFT } else { unset xlabel }
	set label 3 PANEL[p] at graph 0, graph 1 offset 0, 0.8 left tc rgb INK font points(12)
	set label 4 "second level" at screen px(left - 9), graph 1 offset 0, 0.8 right tc rgb SOFT font points(11)
	k = 1000
	do for [r = 0:n_rows - 1] { do for [x = 0:n_xticks - 1] {
		k = k + 1
		set object k rectangle from x - 0.49, r - 0.46 to x + 0.49, r + 0.46 \
			fs empty border lc rgb GRID lw 1
	} }
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? SERIES_COLOUR[i] : NaN):1:\
		(SERIES_COLOUR[i] - 0.49):(SERIES_COLOUR[i] + 0.49):($1 - 0.46):($1 + 0.46):(tone($2)) \
		with boxxyerror lc rgb variable, \
	     for [dark = 0:1] for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && is_dark($2) == dark ? SERIES_COLOUR[i] : NaN):\
		($1 - 0.22):(part(strcol(5), 1)) \
		with labels center tc rgb (dark ? 0xfdfdfd : 0x23200f) font points(13), \
	     for [dark = 0:1] for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && is_dark($2) == dark ? SERIES_COLOUR[i] : NaN):\
		($1 + 0.04):(part(strcol(5), 3)) \
		with labels center tc rgb (dark ? 0xfdfdfd : 0x23200f) font points(10), \
	     for [dark = 0:1] for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && is_dark($2) == dark ? SERIES_COLOUR[i] : NaN):\
		($1 + 0.28):(part(strcol(5), 2)) \
		with labels center tc rgb (dark ? 0xfdfdfd : 0x23200f) font points(10)
	unset label 1; unset label 2
	do for [i = 1001:k] { unset object i }
}
unset multiplot
