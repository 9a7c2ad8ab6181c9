//! The part of Python's pickle that a PyTorch checkpoint of tensors is written in.
//!
//! A pickle is a program for a stack machine, and Python's own machine calls whatever function the program names. This one
//! calls nothing. It knows the few names below, and any other ends the reading before the object is made.
//!
//! **Invariant:** memory grows no faster than the pickle is long, and nothing recurses: values lie in one list and hold each
//! other by position, so that neither depth nor sharing nor cycles cost more than they take in the file.

use std::collections::HashMap;

/// What may stand for a function or a type in a checkpoint: its module, its name, and what it is to us.
const KNOWN: [(&str, &str, Known); 22] = [
    ("collections", "OrderedDict", Known::Dictionary),
    ("collections", "defaultdict", Known::Dictionary),
    ("builtins", "dict", Known::Dictionary),
    ("__builtin__", "dict", Known::Dictionary),
    ("torch._utils", "_rebuild_tensor_v2", Known::Tensor),
    ("torch._utils", "_rebuild_parameter", Known::Parameter),
    ("torch.nn.parameter", "Parameter", Known::Parameter),
    ("torch", "Size", Known::Aside),
    ("torch", "device", Known::Aside),
    ("torch", "FloatStorage", Known::Storage(Element::F32)),
    ("torch", "DoubleStorage", Known::Storage(Element::F64)),
    ("torch", "HalfStorage", Known::Storage(Element::F16)),
    ("torch", "BFloat16Storage", Known::Storage(Element::Bf16)),
    ("torch", "LongStorage", Known::Storage(Element::I64)),
    ("torch", "IntStorage", Known::Storage(Element::I32)),
    ("torch.storage", "TypedStorage", Known::Aside),
    ("torch.storage", "UntypedStorage", Known::Aside),
    ("torch", "ByteStorage", Known::Storage(Element::U8)),
    ("torch", "BoolStorage", Known::Storage(Element::U8)),
    ("torch", "ShortStorage", Known::Aside),
    ("torch", "CharStorage", Known::Aside),
    ("_codecs", "encode", Known::Aside),
];

/// No tensor of a voice has more dimensions.
const MOST_DIMENSIONS: usize = 8;

/// The type of a storage's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// IEEE half precision.
    F16,
    /// The upper half of a single.
    Bf16,
    /// Signed, eight bytes.
    I64,
    /// Signed, four bytes.
    I32,
    /// Unsigned, one byte.
    U8,
}

impl Element {
    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::U8 => 1,
        }
    }
}

/// A function or type of the list above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Dictionary,
    Tensor,
    Parameter,
    Storage(Element),
    /// Of no use here, and of no harm: what is made with it is not looked at.
    Aside,
}

/// The place of a value in [`Pickle`].
type Id = usize;

/// A value; parts are places of other values.
#[derive(Debug, Clone)]
enum Value {
    None,
    Integer(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dictionary(Vec<(Id, Id)>),
    Known(Known),
    /// The identifier of something that lies outside of the pickle.
    Persistent(Id),
    /// A tensor made of this tuple of arguments.
    Tensor(Id),
    /// Floats, truths, and what is made with [`Known::Aside`].
    Opaque,
}

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TensorPlan {
    /// The name of the storage's entry in the archive.
    pub(super) storage: String,
    /// What it holds.
    pub(super) element: Element,
    /// How many of them.
    pub(super) count: usize,
    /// The first element of the tensor in the storage.
    pub(super) offset: usize,
    /// Elements along each dimension.
    pub(super) shape: Vec<usize>,
    /// From one to the next along each dimension, in elements.
    pub(super) stride: Vec<usize>,
}

/// An entry of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A tensor.
    Tensor(TensorPlan),
    /// A dictionary; [`Pickle::entries`] opens it.
    Dictionary(usize),
    /// An integer.
    Integer(i64),
    /// Anything else.
    Other,
}

/// What a pickle holds.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<Value>,
    root: Id,
}

impl Pickle {
    /// Reads a pickle.
    ///
    /// # Errors
    ///
    /// What is wrong, in words: a name that is not in the list, an unknown instruction, or an end before the end.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        Machine {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
        .run()
    }

    /// The place of the outermost value, if it is a dictionary.
    pub(super) fn root(&self) -> Option<usize> {
        matches!(self.values[self.root], Value::Dictionary(_)).then_some(self.root)
    }

    /// The entries of a dictionary whose names are texts, in order; the last of a name counts, as in Python.
    ///
    /// # Errors
    ///
    /// When the arguments of a tensor are not those of one.
    pub(super) fn entries(&self, dictionary: usize) -> Result<Vec<(String, Entry)>, String> {
        let Some(Value::Dictionary(pairs)) = self.values.get(dictionary) else { return Ok(Vec::new()) };
        let mut entries: Vec<(String, Entry)> = Vec::with_capacity(pairs.len());
        let mut at: HashMap<&str, usize> = HashMap::new();
        for (key, value) in pairs {
            let Value::Text(name) = &self.values[*key] else { continue };
            let entry = match &self.values[*value] {
                Value::Tensor(arguments) => Entry::Tensor(
                    self.plan(*arguments)
                        .ok_or_else(|| format!("its entry `{name}` is no tensor that PyTorch writes"))?,
                ),
                Value::Dictionary(_) => Entry::Dictionary(*value),
                Value::Integer(integer) => Entry::Integer(*integer),
                _ => Entry::Other,
            };
            if let Some(place) = at.get(name.as_str()) {
                entries[*place].1 = entry;
            } else {
                at.insert(name, entries.len());
                entries.push((name.clone(), entry));
            }
        }
        Ok(entries)
    }

    /// (storage, offset, shape, stride, …), the storage being ("storage", type, name, device, count).
    fn plan(&self, arguments: Id) -> Option<TensorPlan> {
        let [storage, offset, shape, stride, ..] = self.tuple(arguments)? else { return None };
        let Value::Persistent(storage) = self.values[*storage] else { return None };
        let [kind, element, name, _, count] = self.tuple(storage)? else { return None };
        let (Value::Text(kind), Value::Text(name)) = (&self.values[*kind], &self.values[*name]) else {
            return None;
        };
        let Value::Known(Known::Storage(element)) = self.values[*element] else { return None };
        let sizes = |id: Id| {
            let sizes = self.tuple(id).filter(|sizes| sizes.len() <= MOST_DIMENSIONS)?;
            sizes.iter().map(|id| self.size(*id)).collect::<Option<Vec<_>>>()
        };
        let (shape, stride) = (sizes(*shape)?, sizes(*stride)?);
        (kind == "storage" && shape.len() == stride.len()).then_some(TensorPlan {
            storage: name.clone(),
            element,
            count: self.size(*count)?,
            offset: self.size(*offset)?,
            shape,
            stride,
        })
    }

    fn tuple(&self, id: Id) -> Option<&[Id]> {
        match &self.values[id] {
            Value::Tuple(parts) => Some(parts),
            _ => None,
        }
    }

    fn size(&self, id: Id) -> Option<usize> {
        match self.values[id] {
            Value::Integer(integer) => usize::try_from(integer).ok(),
            _ => None,
        }
    }
}

/// The stack machine.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    fn run(mut self) -> Result<Pickle, String> {
        loop {
            let instruction = self.take::<1>()?[0];
            match instruction {
                // PROTO and FRAME say nothing that matters here.
                0x80 => drop(self.take::<1>()?),
                0x95 => drop(self.take::<8>()?),
                b'.' => {
                    let root = self.pop()?;
                    return Ok(Pickle { values: self.values, root });
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    let known = known(&module, &name)?;
                    self.push(Value::Known(known));
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    let (Value::Text(module), Value::Text(name)) = (&self.values[module], &self.values[name])
                    else {
                        return Err("it names a function by something that is no text".to_owned());
                    };
                    let known = known(module, name)?;
                    self.push(Value::Known(known));
                }
                b'N' => self.push(Value::None),
                0x88 | 0x89 => self.push(Value::Opaque),
                b'G' => {
                    self.take::<8>()?;
                    self.push(Value::Opaque);
                }
                b'K' => {
                    let [byte] = self.take()?;
                    self.push(Value::Integer(byte.into()));
                }
                b'M' => {
                    let bytes = self.take()?;
                    self.push(Value::Integer(u16::from_le_bytes(bytes).into()));
                }
                b'J' => {
                    let bytes = self.take()?;
                    self.push(Value::Integer(i32::from_le_bytes(bytes).into()));
                }
                0x8a => self.long()?,
                b'X' => {
                    let length = u32::from_le_bytes(self.take()?) as usize;
                    self.text(length)?;
                }
                0x8c => {
                    let [length] = self.take()?;
                    self.text(length.into())?;
                }
                b'Q' => {
                    let id = self.pop()?;
                    self.push(Value::Persistent(id));
                }
                b'(' => self.marks.push(self.stack.len()),
                b')' => self.push(Value::Tuple(Vec::new())),
                b't' => {
                    let parts = self.pop_to_mark()?;
                    self.push(Value::Tuple(parts));
                }
                0x85..=0x87 => {
                    let count = usize::from(instruction - 0x84);
                    let floor = self.floor();
                    if self.stack.len() < floor + count {
                        return Err(empty());
                    }
                    let parts = self.stack.split_off(self.stack.len() - count);
                    self.push(Value::Tuple(parts));
                }
                b']' => self.push(Value::List(Vec::new())),
                b'}' => self.push(Value::Dictionary(Vec::new())),
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.pop_to_mark()?;
                    self.append(items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(&[key, value])?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.set(&items)?;
                }
                b'q' => {
                    let [slot] = self.take()?;
                    self.remember(slot.into())?;
                }
                b'r' => {
                    let slot = u32::from_le_bytes(self.take()?);
                    self.remember(slot)?;
                }
                0x94 => self.remember(self.memo.len() as u32)?,
                b'h' => {
                    let [slot] = self.take()?;
                    self.recall(slot.into())?;
                }
                b'j' => {
                    let slot = u32::from_le_bytes(self.take()?);
                    self.recall(slot)?;
                }
                // REDUCE and NEWOBJ: where Python would call a function.
                b'R' | 0x81 => self.make()?,
                // BUILD: attributes of an object, which are no part of a state dictionary.
                b'b' => drop(self.pop()?),
                other => {
                    return Err(format!(
                        "its pickle has the instruction {other:#04x} at byte {}, which no checkpoint of tensors needs",
                        self.at - 1
                    ));
                }
            }
        }
    }

    /// What Python would have got from a call.
    fn make(&mut self) -> Result<(), String> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let Value::Known(known) = self.values[callable] else {
            return Err("its pickle calls something that is no function".to_owned());
        };
        let first = match &self.values[arguments] {
            Value::Tuple(parts) => parts.first().copied(),
            _ => None,
        };
        let value = match known {
            Known::Dictionary => Value::Dictionary(Vec::new()),
            Known::Tensor => Value::Tensor(arguments),
            Known::Parameter => match first.map(|first| &self.values[first]) {
                Some(Value::Tensor(arguments)) => Value::Tensor(*arguments),
                _ => Value::Opaque,
            },
            Known::Storage(_) | Known::Aside => Value::Opaque,
        };
        self.push(value);
        Ok(())
    }

    fn append(&mut self, mut items: Vec<Id>) -> Result<(), String> {
        let list = self.top()?;
        match &mut self.values[list] {
            Value::List(list) => list.append(&mut items),
            _ => return Err("its pickle appends to something that is no list".to_owned()),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), String> {
        let dictionary = self.top()?;
        match &mut self.values[dictionary] {
            Value::Dictionary(pairs) if items.len().is_multiple_of(2) => {
                pairs.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            _ => Err("its pickle sets an entry of something that is no dictionary".to_owned()),
        }
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let top = self.top()?;
        self.memo.insert(slot, top);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), String> {
        let id = *self.memo.get(&slot).ok_or_else(|| "its pickle recalls what it has not kept".to_owned())?;
        self.stack.push(id);
        Ok(())
    }

    fn long(&mut self) -> Result<(), String> {
        let [length] = self.take()?;
        let length = usize::from(length);
        let bytes = self.slice(length)?;
        if length > 8 {
            self.push(Value::Opaque);
            return Ok(());
        }
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut wide = [fill; 8];
        wide[..length].copy_from_slice(bytes);
        self.push(Value::Integer(i64::from_le_bytes(wide)));
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), String> {
        let bytes = self.slice(length)?;
        let text =
            str::from_utf8(bytes).map_err(|_| "its pickle holds a text that is not UTF-8".to_owned())?;
        let text = text.to_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// Nothing below an open mark is taken from the stack.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, String> {
        if self.stack.len() <= self.floor() {
            Err(empty())
        } else {
            self.stack.last().copied().ok_or_else(empty)
        }
    }

    fn pop(&mut self) -> Result<Id, String> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        Ok(self.stack.split_off(mark))
    }

    fn slice(&mut self, length: usize) -> Result<&[u8], String> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| "its pickle ends before its end".to_owned())?;
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.slice(N)?);
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = String::from_utf8_lossy(self.slice(length)?).into_owned();
        self.take::<1>()?;
        Ok(line)
    }
}

fn empty() -> String {
    "its pickle takes more from the stack than there is".to_owned()
}

/// A function of the list, or why reading ends.
fn known(module: &str, name: &str) -> Result<Known, String> {
    let found = KNOWN.iter().find(|(m, n, _)| (*m, *n) == (module, name));
    found.map(|(_, _, known)| *known).ok_or_else(|| {
        format!(
            "it asks Python for `{}.{}`, which is no part of a checkpoint of tensors; nothing was run. If you trust where \
             it comes from, open it in Python and save its state dictionary alone",
            module.escape_debug(),
            name.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Element, Entry, Pickle};

    /// A pickle of protocol 2, without its beginning and end.
    fn pickle(body: &[u8]) -> Vec<u8> {
        [b"\x80\x02", body, b"."].concat()
    }

    fn refusal(body: &[u8]) -> String {
        Pickle::read(&pickle(body)).unwrap_err()
    }

    #[test]
    fn a_call_of_a_foreign_function_ends_the_reading() {
        // What `pickle.dumps` makes of an object whose `__reduce__` is (os.system, ("touch owned",)).
        let body = b"cposix\nsystem\nq\x00X\x0b\x00\x00\x00touch ownedq\x01\x85q\x02Rq\x03";
        assert!(refusal(body).contains("`posix.system`"), "{}", refusal(body));
        // The same inside a state dictionary, and by protocol 4's instruction.
        let body = b"}X\x01\x00\x00\x00wcbuiltins\nexec\nX\x04\x00\x00\x00pass\x85Rs";
        assert!(refusal(body).contains("`builtins.exec`"));
        assert!(refusal(b"\x8c\x02os\x8c\x06system\x93").contains("`os.system`"));
        assert!(
            refusal(b"cos\nsystem\x1b[31m\n").contains("\\u{1b}"),
            "no control character reaches the terminal"
        );
        // INST, OBJ and the extension registry would call too.
        for body in [&b"(S'echo'\nios\nsystem\n"[..], b"(cos\nsystem\no", b"\x82\x01"] {
            assert!(Pickle::read(&pickle(body)).is_err());
        }
        // A function of the list, called for what it is not.
        assert!(refusal(b"X\x01\x00\x00\x00a)R").contains("no function"));
    }

    #[test]
    fn depth_sharing_and_cycles_cost_no_more_than_their_bytes() {
        // A million tuples inside each other.
        let deep = [&b"N"[..], &vec![0x85; 1_000_000]].concat();
        assert!(Pickle::read(&pickle(&deep)).unwrap().root().is_none());
        // Each list holds the one before it twice: 2^60 leaves.
        let mut shared = b"]q\x00".to_vec();
        for level in 0..60_u8 {
            shared.extend([b']', b'q', level + 1, b'h', level, b'a', b'h', level, b'a']);
        }
        Pickle::read(&pickle(&shared)).unwrap();
        // A dictionary inside itself.
        let cycle = Pickle::read(&pickle(b"}q\x00X\x01\x00\x00\x00mh\x00s")).unwrap();
        let root = cycle.root().unwrap();
        assert_eq!(cycle.entries(root).unwrap(), [("m".to_owned(), Entry::Dictionary(root))]);
        // A text of four billion bytes that is not there.
        assert!(refusal(b"X\xff\xff\xff\xffa").contains("ends before its end"));
        assert!(
            refusal(b"R").contains("stack")
                && refusal(b"t").contains("stack")
                && refusal(b"(R").contains("stack")
        );
    }

    #[test]
    fn the_arguments_of_a_tensor_are_read_and_checked() {
        let storage =
            b"(X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x007X\x03\x00\x00\x00cpuK\x09tQ";
        let tensor = |storage: &[u8], rest: &[u8]| {
            [b"}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(", storage, rest, b"tRs"].concat()
        };
        let read = |body: Vec<u8>| {
            let pickle = Pickle::read(&pickle(&body)).unwrap();
            pickle.entries(pickle.root().unwrap())
        };
        let good =
            read(tensor(storage, b"K\x01K\x02K\x03\x86K\x01K\x02\x86\x89ccollections\nOrderedDict\n)R"))
                .unwrap();
        let [(name, Entry::Tensor(plan))] = good.as_slice() else { panic!("{good:?}") };
        assert_eq!((name.as_str(), plan.storage.as_str(), plan.element), ("w", "7", Element::F16));
        assert_eq!((plan.count, plan.offset), (9, 1));
        assert_eq!((plan.shape.as_slice(), plan.stride.as_slice()), (&[2, 3][..], &[1, 2][..]));
        for rest in
            [&b""[..], b"K\x00", b"K\x00)K\x01\x85", b"J\xff\xff\xff\xffK\x02\x85K\x01\x85", b"K\x00NN"]
        {
            assert!(read(tensor(storage, rest)).unwrap_err().contains("`w`"));
        }
        assert!(read(tensor(b"N", b"K\x00K\x02\x85K\x01\x85")).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(pickle) = Pickle::read(&bytes) && let Some(root) = pickle.root() {
                let _ = pickle.entries(root);
            }
        }
    }
}
