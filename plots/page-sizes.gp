# Proof: shares of mapped bytes by page size, a panel a layer (and source), a row an arm.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

top = 92 - up; bottom = 62; right = 30; from = edge_left(left)
h = (height - top - bottom) / (1.0 * n_panels)
# Page sizes are an order: from light to dark, not three unrelated colours.
tone(c) = c == 0 ? 0xe6c977 : c == 1 ? 0x2a7f74 : 0x123a36
set style fill solid 1 noborder
do for [c = 0:2] {
	set object 10 + c rectangle center screen px(from + 6 + c * 90), screen 1 - py(66 - up) \
		size screen px(12), screen py(12) fs solid noborder fc rgb tone(c)
	set label 10 + c word("4K 2M 1G", c + 1) at screen px(from + 18 + c * 90), screen 1 - py(66 - up) \
		left tc rgb INK font points(12)
}
set multiplot
do for [p = 1:n_panels] {
	set lmargin at screen px(left)
	set rmargin at screen 1 - px(right)
	set tmargin at screen 1 - py(top + (p - 1) * h + 22)
	set bmargin at screen 1 - py(top + p * h)
	set xrange [0:1]
	set yrange [n_rows - 0.4:-0.6]
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_rows] { set ytics add (esc(ROW[i]) i - 1) }
	do for [i = 1:n_ticks] {
		set xtics add (p == n_panels ? esc(TICK_NAME[i]) : "" TICK[i])
	}
	unset grid
	if (p == n_panels) { set xlabel value_title tc rgb SOFT } else { unset xlabel }
	set label 3 PANEL[p] at screen px(from), graph 1 offset 0, 0.6 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? $4 : NaN):1:3:4:($1 - 0.34):($1 + 0.34) \
		with boxxyerror lc rgb tone(SERIES_COLOUR[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && $2 > 0.12 ? ($3 + $4) / 2 : NaN):1:5 \
		with labels center tc rgb (SERIES_COLOUR[i] ? 0xfffffe : 0x2e2610) font points(11)
	unset label 1; unset label 2
	do for [c = 10:12] { unset object c; unset label c }
}
unset multiplot
