# Bars: a panel a cell, a group a metric, a bar an arm, with its interval.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

top = 84 - up; bottom = 32; left = narrow ? 66 : 78; right = 20; from = edge_left(left)
array IN_PANEL[64]; array PLACE[512]
do for [p = 1:64] { IN_PANEL[p] = 0 }
do for [i = 1:n_series] {
	p = SERIES_PANEL[i] + 1
	PLACE[i] = IN_PANEL[p]
	IN_PANEL[p] = IN_PANEL[p] + 1
}
set style fill solid 1 noborder
k = 0
do for [i = 1:n_series] {
	if (LEADS[i]) {
		k = k + 1
		LEGEND[k] = SERIES_NAME[i]
		x = legend_x(k); y = legend_y(k, 72)
		top = 84 - up + 18 * legend_line(k)
		set object 100 + k rectangle center screen px(x + 6), screen y \
			size screen px(12), screen py(12) fs solid noborder \
			fc rgb rgb(SERIES_RGB[i])
		set label 100 + k SERIES_NAME[i] at screen px(x + 18), screen y \
			left tc rgb INK font points(12)
	}
}
h = (height - top) / (1.0 * n_panels)
set multiplot
do for [p = 1:n_panels] {
	bar = 0.8 / IN_PANEL[p]
	at(i) = -0.4 + (PLACE[i] + 0.5) * bar
	set lmargin at screen px(left)
	set rmargin at screen 1 - px(right)
	set tmargin at screen 1 - py(top + (p - 1) * h + 26)
	set bmargin at screen 1 - py(top + p * h - bottom)
	set xrange [-0.5:n_rows - 0.5]
	set yrange [0:value_max]
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_rows] { set xtics add (esc(ROW[i]) i - 1) }
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	set grid ytics lt 1 lw 1 lc rgb GRID
	set label 3 PANEL[p] at screen px(from), graph 1 offset 0, 0.7 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using ($1 + at(i)):(SERIES_PANEL[i] == p - 1 ? $2 : NaN):(bar * 0.86) \
		with boxes lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using ($1 + at(i)):(SERIES_PANEL[i] == p - 1 ? $3 : NaN):(0):($4 - $3) \
		with vectors nohead lw 1.6 lc rgb INK, \
	     for [i = 1:n_series] DATA index BOOTS + i - 1 \
		using ($1 + at(i) + bar * 0.7 * (int($0) % 5 - 2) / 5.0): \
		(SERIES_PANEL[i] == p - 1 ? $2 : NaN) \
		with points pt 7 ps 0.22 lc rgb 0x60000000 + INK
	unset label; unset object
}
unset multiplot
