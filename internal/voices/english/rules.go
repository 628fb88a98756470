package english

// rules say how letters sound, first match first. A rule is
// before[letters]after=SOUNDS, where before and after may hold:
//
//	_  the edge of the word          .  one vowel letter
//	#  one vowel letter or more      ^  one consonant
//	:  consonants, or none           +  one of e, i, y
//	%  a quiet ending: e, es, ed, er, ers, ing, ely, or the word's edge after e
//	?  a voiced consonant            &  a sibilant: s, c, g, z, x, j, ch, sh
//
// The sounds carry no stress; it is found afterwards.
var rules = [26][]string{
	0: {
		"_[a]_=AX", "[augh]t=AO", "[augh]=AE F", "[au]=AO", "[aw]=AO", "[ayo]r=EY AX", "[ay]=EY", "[air]=EH R",
		"[ai]=EY", "[alk]=AO K", "[al]m_=AA", "[als]e=AO L S", "[all]_=AO L", "[al]t=AO L",
		"[all]=AO L", "_[al]^=AO L", "[ange]_=EY N JH", "[anger]_=EY N JH ER", "[angi]=EY N JH IH",
		"[aste]_=EY S T", "#:[ally]_=AX L IY", "#:[ability]_=AX B IH L AX T IY", "#:[able]_=AX B AX L",
		"#:[ably]_=AX B L IY", "[able]_=EY B AX L", "#:[ages]_=IX JH AX Z", "#:[age]_=IX JH", "#:^[al]_=AX L",
		"#:^[als]_=AX L Z", "#:[alize]=AX L AY Z", "#:[ant]_=AX N T", "#:[ants]_=AX N T S", "#:[ance]_=AX N S",
		"#:[ances]_=AX N S AX Z", "#:[ancy]_=AX N S IY", "#:[ard]_=ER D", "#:[ards]_=ER D Z",
		"#:[ary]_=EH R IY", "#:[aries]_=EH R IY Z", "#:^[an]_=AX N", "#:^[ans]_=AX N Z", "#:^[ar]_=ER",
		"#:^[ars]_=ER Z", "[ation]=EY SH AX N", "[ational]=AE SH AX N AX L", "[ative]_=AX T IH V",
		"[ature]_=AX CH ER", "#:[ate]_=EY T", "[are]_=EH R", "[ares]_=EH R Z", "[ared]_=EH R D",
		"[aring]_=EH R IX NG", "w[arr]=AO R", "[arr]=AE R", "w[ar]=AO R", "qu[ar]t=AO R", "_[ar]i=AX R",
		"[ar]i=EH R", "[ara]=EH R AX", "[ar]=AA R", "b[ase]_=EY S", "c[ase]_=EY S", "b[ased]_=EY S T",
		"c[ases]_=EY S IX Z", "ch[ase]_=EY S", "[a]^el_=EY", "[a]^%=EY", "[a]^^le_=AE", "[a]^le_=EY",
		"[a]^^+_=AE", "[a]^ie=EY", "[a]^ia=EY", "[a]^io=EY", "[ae]=IY", "[a]cious=EY", "[a]ch_=AE",
		"[a]sh_=AE", "_w[a]=AA", "sw[a]=AA", "qu[a]=AA", "_wh[a]=AA", "[a]_=AX", "[ah]_=AA", "[aa]=AA",
		"[ao]=EY OW", "_[a]^.^_=EY", "[a]=AE",
	},
	'b' - 'a': {
		"[bb]=B", "m[b]_=", "m[b]s_=", "[bt]_=T", "[b]=B",
	},
	'c' - 'a': {
		"[cious]=SH AX S", "[cial]=SH AX L", "[cian]=SH AX N", "[cient]=SH AX N T", "[cience]=SH AX N S",
		"s[c]+=", "[cc]+=K S", "[cc]=K", "[ck]=K", "_[ch]r=K", "[ch]l=K", "s[ch]=K", "[ch]nology=K",
		"[chem]=K EH M", "[charact]=K EH R AX K T", "t[ch]=CH", "[ch]=CH", "[cz]=Z", "[c]+=S", "[cqu]=K W",
		"[c]=K",
	},
	'd' - 'a': {
		"[dul]=JH AX L", "[dd]=D", "[dge]_=JH", "[dge]=JH", "[dg]+=JH", "[dual]=JH UW AX L", "[duc]=D UW S",
		"[d]=D",
	},
	'e' - 'a': {
		"_[e]_=IY", "[eau]=OW", "[eigh]=EY", "[eign]=EY N", "qu[er]y=IH R", "[eer]=IH R", "[ee]=IY",
		"[earn]=ER N", "[ear]ch=ER", "[earl]=ER L", "[ear]th=ER", "[ear]t=AA R", "[ear]=IH R", "[ead]_=EH D",
		"[ead]y=EH D", "[ealth]=EH L TH", "[easur]=EH ZH ER", "[eath]er=EH DH", "[eath]_=EH TH",
		"cr[ea]t=IY EY", "[ea]=IY", "[ei]v=IY", "c[ei]=IY", "[ei]=EY", "[eu]r=Y UH", "[eu]=Y UW", "r[ew]=UW",
		"l[ew]=UW", "ch[ew]=UW", "j[ew]=UW", "d[ew]=UW", "n[ew]=UW", "[ew]=Y UW", "[eye]=AY", "#:[ey]_=IY",
		"[ey]=EY", "[eo]ple=IY", "[eous]_=IY AX S", "[eo]=IY AX", "[ere]_=IH R", "[err]=EH R", "_d[e]r.=IX",
		"[ery]_=ER IY", "#:[er]_=ER", "#:[ers]_=ER Z", "#:[ered]_=ER D", "#:[ering]_=ER IX NG", "[er]#=EH R",
		"[er]=ER", "#:[ed]_=D", "#:[es]_=Z", "#:[e]ly_=", ".^[e]ment=", "#:[e]ful=", "#:[e]less=", "_:[e]_=IY",
		"[e]_=", "#:[el]_=AX L", "#:[els]_=AX L Z", "#:[en]_=AX N", "#:[ens]_=AX N Z", "#:[ent]_=AX N T",
		"#:[ents]_=AX N T S", "#:[ence]_=AX N S", "#:[ency]_=AX N S IY", "#:[ences]_=AX N S AX Z",
		"#:[est]_=AX S T", "#:[et]_=AX T", "#:[ets]_=AX T S", "#:[ess]_=AX S", "#:[ness]_=N AX S", "[e]^e_=IY",
		"[e]^es_=IY", "[e]vil=IY", "_[e]^.#=IX", "_[exc]+=IX K S", "_[ex]#=IX G Z", "_[ex]h=IX G Z",
		"_[ex]=EH K S", "_:[e]^^=EH", "[e]qu=IY", "_r[e]^.=IY", "_d[e]^.=IX", "_b[e]^.=IX", "_pr[e]^.=IY",
		"[e]=EH",
	},
	'f' - 'a': {
		"[ff]=F", "[ful]_=F AX L", "[fully]_=F AX L IY", "[f]=F",
	},
	'g' - 'a': {
		"_[gn]=N", "[gn]_=N", "[gns]_=N Z", "[gned]_=N D", "[gning]_=N IX NG", "[gh]_=", "i[gh]=", "[gh]t=",
		"_[gh]=G", "[gh]=G", "[gg]=G", "[gue]_=G", "[gues]_=G Z", "_[gu]+=G", "[g]et=G", "[g]ive=G",
		"_[g]i^t=G", "[g]irl=G", "[gious]=JH AX S", "[g]+=JH", "[g]=G",
	},
	'h' - 'a': {
		"_[hon]=AA N", "_[hour]=AW ER", "_[heir]=EH R", "#[h]_=", "#[h]^=", "r[h]=", "[h]=HH",
	},
	'i' - 'a': {
		"_[i]_=AY", "[igh]=AY", "[ign]_=AY N", "[igns]_=AY N Z", "[ild]_=AY L D", "[ind]_=AY N D",
		"[inds]_=AY N D Z", "[ique]_=IY K", "[ier]_=IY ER", "[iers]_=IY ER Z", "[iew]=Y UW", "[ie]f=IY",
		"[ield]=IY L D", "[iev]=IY V", "[iece]=IY S", "[iest]_=IY AX S T", "_:[ie]_=AY", "pl[ied]_=AY D",
		"pl[ies]_=AY Z", "_:[ied]_=AY D", "_:[ies]_=AY Z", "[ied]_=IY D", "[ies]_=IY Z", "[ie]_=IY",
		"[iety]_=AY AX T IY", "[iet]=AY AX T", "[ience]=IY AX N S", "[ient]=IY AX N T", "[ie]=IY",
		"[ial]_=IY AX L", "[ian]_=IY AX N", "[ians]_=IY AX N Z", "[ious]=IY AX S", "[ium]_=IY AX M",
		"[iated]_=IY EY T IX D", "[iates]_=IY EY T S", "[iate]_=IY EY T", "[iat]=IY EY T", "_[ia]=AY AX",
		"_:[ia]=AY AX", "[ia]=IY AX", "_:[io]=AY AX", "[io]=IY OW", "[ire]_=AY ER", "[ires]_=AY ER Z",
		"[ired]_=AY ER D", "[iring]_=AY R IX NG", "[irr]=IH R", "[ir]#=AY R", "[ir]=ER", "[ing]_=IX NG",
		"[ings]_=IX NG Z", "#:[ish]_=IX SH", "#:[ism]_=IH Z AX M", "#:[ist]_=IX S T", "#:[ists]_=IX S T S",
		"#:[ity]_=AX T IY", "#:[ities]_=AX T IY Z", "#:[ible]_=AX B AX L", "#:[ibly]_=AX B L IY",
		"#:[ibility]_=AX B IH L AX T IY", "#:[ic]_=IX K", "#:[ics]_=IX K S", "#:[ical]_=IX K AX L",
		"#:[ically]_=IX K L IY", "#:[ive]_=IX V", "#:[ives]_=IX V Z", "#:[ily]_=AX L IY", "#:[ify]_=AX F AY",
		"#:[ified]_=AX F AY D", "#:[ize]_=AY Z", "#:[ise]_=AY Z", "#:[ite]_=AY T", "#:[ine]_=IY N",
		"#:[in]_=IX N", "#:[ice]_=AX S", "#:[il]_=AX L", "#:[ion]_=Y AX N", "l[i]cen=AY", "[i]x=IH", "[i]^%=AY",
		"[i]^le_=AY", "_:[i]^.^_=AY", "[i]ght=AY", "[i]_=IY", "[i]=IH",
	},
	'j' - 'a': {
		"[j]=JH",
	},
	'k' - 'a': {
		"_[kn]=N", "[kk]=K", "[k]=K",
	},
	'l' - 'a': {
		"[ll]=L", "^[le]_=AX L", "^[les]_=AX L Z", "^[led]_=AX L D", "ou[l]d=", "[l]=L",
	},
	'm' - 'a': {
		"[mm]=M", "_[mn]=N", "[mn]_=M", "[m]=M",
	},
	'n' - 'a': {
		"[n]ct=NG", "[n]c_=NG", "[n]cs_=NG", "[nn]=N", "[nge]_=N JH", "[ng]_=NG", "[ngs]_=NG Z",
		"[ng]er_=NG", "[ng]+=N JH", "[ng]=NG G", "[nk]=NG K", "[nx]=NG K S", "[nqu]=NG K W", "[n]=N",
	},
	'o' - 'a': {
		"_[o]_=OW", "[ought]=AO T", "[ough]_=OW", "[ough]=AH F", "[oor]=AO R", "[ood]_=UH D", "[ook]=UH K",
		"[oo]=UW", "[oul]d=UH L", "[oung]=AH NG", "[ous]_=AX S", "[ously]_=AX S L IY", "[our]_=AO R",
		"[ouri]=ER IH", "[our]=AO R", "[ou]ble=AH", "[ouch]=AW CH", "[oup]_=UW P", "[ou]=AW", "_[ow]n=OW",
		"[own]_=AW N", "[owd]=AW D", "[owl]=AW L", "[ower]=AW ER", "[ow]_=OW", "[ows]_=OW Z", "[owed]_=OW D",
		"[owing]_=OW IX NG", "[ow]=AW", "[oy]=OY", "[oi]=OY", "[oard]=AO R D", "[oar]=AO R", "[oa]=OW",
		"[oe]_=OW", "[oes]_=OW Z", "[oe]=OW", "[ology]_=AA L AX JH IY", "[ological]=AX L AA JH IX K AX L",
		"[ogy]_=AX JH IY", "[omy]_=AX M IY", "[olk]=OW K", "[old]=OW L D", "[oll]_=OW L", "[olt]=OW L T",
		"[ost]_=OW S T", "[oth]er=AH DH", "[oss]=AO S", "w[or]k=ER", "w[or]=ER", "#:[ory]_=AO R IY",
		"#:[ories]_=AO R IY Z", "#:[or]_=ER", "#:[ors]_=ER Z", "[ore]_=AO R", "[orr]=AA R", "[or]=AO R",
		"c[o]me=AH", "s[o]me_=AH", "[o]ne_=OW", "m[o]ve=UW", "pr[o]ve=UW", "[o]ve_=AH", "[o]ver_=AH",
		"[o]ved_=AH", "[o]nth=AH", "[on]ey=AH N", "#:[on]_=AX N", "#:[ons]_=AX N Z", "#:[om]_=AX M",
		"[ong]=AO NG", "[o]ff=AO", "[o]ft=AO", "[o]^%=OW", "[o]tion=OW", "[o]^ia=OW", "[o]^io=OW", "[o]_=OW",
		"[os]_=OW Z", "_:[o]^.^_=OW", "[o]=AA",
	},
	'p' - 'a': {
		"[ph]=F", "_[ps]=S", "_[pn]=N", "[pp]=P", "[p]=P",
	},
	'q' - 'a': {
		"[que]_=K", "[ques]_=K S", "[qu]=K W", "[q]=K",
	},
	'r' - 'a': {
		"[rr]=R", "_[rh]=R", "[re]_=ER", "[r]=R",
	},
	's' - 'a': {
		"[ssion]=SH AX N", "#[sion]=ZH AX N", "r[sion]=ZH AX N", "[sion]=SH AX N", "[ssue]=SH UW",
		"[ssure]=SH ER", "#[sure]=ZH ER", "[sure]=SH ER", "#[sual]=ZH UW AX L", "[sch]=S K", "[sh]=SH",
		"[scious]=SH AX S", "[ss]=S", "#[s]m_=Z AX", "#[s]ms_=Z AX", "_:#[s]e_=Z", "#[s]e_=Z", "o[s]t=S",
		"_di[s]=S", "_mi[s]=S", "u[s]_=S", "i[s]_=S", "a[s]_=S", "s[s]_=S", "_:.[s]_=S", "#[s]_=Z", "?[s]_=Z",
		"#[s]y_=Z", "#[s]ed_=Z", "#[s]es_=Z", "#[s]ing_=Z", "#[s]er_=Z", "_:#[s]#=Z", "[s]=S",
	},
	't' - 'a': {
		"[tion]=SH AX N", "s[tion]=S CH AX N", "[tial]=SH AX L", "[tient]=SH AX N T", "[tience]=SH AX N S",
		"[tious]=SH AX S", "[ture]=CH ER", "[tural]=CH ER AX L", "[tual]=CH UW AX L", "[tually]=CH UW AX L IY",
		"[tch]=CH", "[tten]_=T AX N", "s[t]en_=", "s[t]le_=", "[tt]=T", "[the]_=DH", "[th]er=DH",
		"[thes]_=DH Z", "[thing]_=DH IX NG", "_[th]=TH", "some[th]=TH", "any[th]=TH", "[th]=TH", "[t]=T",
	},
	'u' - 'a': {
		"[uy]=AY", "_b[ui]l=IH", "al[ue]=Y UW", "[uit]=UW T", "g[u]+=", "g[ua]=AA", "q[u]=", "[ue]_=UW",
		"[ues]_=UW Z", "[ued]_=UW D", "#^[ular]_=Y AX L ER", "#^[ulat]=Y AX L EY T", "[ural]=Y UH R AX L",
		"s[ure]_=UH R", "[ure]_=Y UH R", "[ur]#=Y UH R", "[urr]=ER", "[ur]=ER", "_[un]i=Y UW N", "_[u]s^=AH",
		"_[un]=AH N", "_[up]=AH P", "_[u]^^=AH", "_[u]^.=Y UW", "#:[um]_=AX M", "#:[us]_=AX S", "_b[u]sh=UH",
		"_p[u]ll=UH", "_f[u]ll=UH", "_b[u]ll=UH", "r[u]^%=UW", "l[u]^%=UW", "j[u]^%=UW", "r[u]^.=UW",
		"l[u]^.=UW", "j[u]^.=UW", "t[u]^.=UW", "d[u]^.=UW", "n[u]^.=UW", "s[u]^.=UW", "st[u]=UW", "[u]^%=Y UW",
		"[u]^le_=Y UW", "[u]^.=Y UW", "[u]_=UW", "[ua]=UW AX", "[ui]=UW IX", "[uo]=UW OW", "[u]=AH",
	},
	'v' - 'a': {
		"[vv]=V", "[v]=V",
	},
	'w' - 'a': {
		"_[wr]=R", "_[who]=HH UW", "[wh]=W", "[w]=W",
	},
	'x' - 'a': {
		"_[x]=Z", "[xious]=K SH AX S", "[xc]+=K S", "[x]=K S",
	},
	'y' - 'a': {
		"_[y]=Y", "[y]^e_=AY", "pl[y]_=AY", "pl[y]ing=AY", "l[y]ing_=AY", "f[y]ing_=AY", "_:[y]_=AY",
		"#:[y]_=IY", "#:[ys]_=IY Z", "_:[yi]=AY IH", "[ying]_=IY IX NG", "_h[y]=AY", "_d[y]n=AY",
		"_t[yp]=AY P", "[ym]=IH M", "[yn]=IH N", "[ys]=IH S", "_:[y]^.=AY", "[y]=IH",
	},
	'z' - 'a': {
		"[zz]=Z", "[tz]=T S", "[z]=Z",
	},
}
