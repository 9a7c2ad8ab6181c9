//! Reader of the subset of Python's pickle format that PyTorch checkpoints use.
//!
//! A pickle is a program for a stack machine, and Python's machine calls any function that the program names. This machine
//! calls nothing. It knows the few names below, and fails at any other before the object is created.
//!
//! **Invariant:** memory is linear in the length of the pickle, and nothing recurses. Values are stored in one list and refer
//! to each other by index, so depth, sharing and cycles cost no more memory than their bytes in the file.

use std::collections::HashMap;

/// Functions and types that a checkpoint may name: module, name and meaning.
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

/// Upper limit of the dimensions of a tensor.
const MOST_DIMENSIONS: usize = 8;

/// Element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// IEEE half precision.
    F16,
    /// Brain floating point: the upper half of a single.
    Bf16,
    /// Signed integer of eight bytes.
    I64,
    /// Signed integer of four bytes.
    I32,
    /// Unsigned integer of one byte.
    U8,
}

impl Element {
    /// Returns the bytes of an element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::U8 => 1,
        }
    }
}

/// Meaning of a function or type in [`KNOWN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Dictionary,
    Tensor,
    Parameter,
    Storage(Element),
    /// Harmless and unused: its results are never read.
    Aside,
}

/// Index of a value in [`Pickle`].
type Id = usize;

/// Value, whose parts are indices of other values.
#[derive(Debug, Clone)]
enum Value {
    None,
    Integer(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dictionary(Vec<(Id, Id)>),
    Known(Known),
    /// Identifier of an object outside of the pickle.
    Persistent(Id),
    /// Tensor with this tuple of arguments.
    Tensor(Id),
    /// Float, Boolean, or result of [`Known::Aside`].
    Opaque,
}

/// Description of a tensor in the pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TensorPlan {
    /// Name of the storage's entry in the archive.
    pub(super) storage: String,
    /// Type of its elements.
    pub(super) element: Element,
    /// Number of elements of the storage.
    pub(super) count: usize,
    /// Position of the first element of the tensor in the storage.
    pub(super) offset: usize,
    /// Elements along each dimension.
    pub(super) shape: Vec<usize>,
    /// Distance of neighbors along each dimension, in elements.
    pub(super) stride: Vec<usize>,
}

/// Entry of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Tensor.
    Tensor(TensorPlan),
    /// Dictionary for [`Pickle::entries`].
    Dictionary(usize),
    /// Integer.
    Integer(i64),
    /// Anything else.
    Other,
}

/// Contents of a pickle.
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
    /// Returns a description of the fault: a name that is not in [`KNOWN`], an unknown instruction, or a truncated pickle.
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

    /// Returns the index of the outermost value, if it is a dictionary.
    pub(super) fn root(&self) -> Option<usize> {
        matches!(self.values[self.root], Value::Dictionary(_)).then_some(self.root)
    }

    /// Returns the entries of a dictionary with string keys, in order; the last of equal keys counts, as in Python.
    ///
    /// # Errors
    ///
    /// Returns a description of the fault if the arguments of a tensor are malformed.
    pub(super) fn entries(&self, dictionary: usize) -> Result<Vec<(String, Entry)>, String> {
        let Some(Value::Dictionary(pairs)) = self.values.get(dictionary) else { return Ok(Vec::new()) };
        let mut entries: Vec<(String, Entry)> = Vec::with_capacity(pairs.len());
        let mut at: HashMap<&str, usize> = HashMap::new();
        for (key, value) in pairs {
            let Value::Text(name) = &self.values[*key] else { continue };
            let entry = match &self.values[*value] {
                Value::Tensor(arguments) => Entry::Tensor(
                    self.plan(*arguments)
                        .ok_or_else(|| format!("its entry `{name}` is not a valid tensor"))?,
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

    /// Reads the arguments (storage, offset, shape, stride, …), where the storage is ("storage", type, name, device, count).
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

/// Stack machine.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Stack heights at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    fn run(mut self) -> Result<Pickle, String> {
        loop {
            let instruction = self.take::<1>()?[0];
            match instruction {
                // PROTO and FRAME have no effect here.
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
                        return Err("its pickle names a function by a value that is not a string".to_owned());
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
                // REDUCE and NEWOBJ, which call a function in Python.
                b'R' | 0x81 => self.make()?,
                // BUILD sets attributes of an object, which are not part of a state dictionary.
                b'b' => drop(self.pop()?),
                other => {
                    return Err(format!(
                        "its pickle has the instruction {other:#04x} at byte {}, which checkpoints of tensors do not use",
                        self.at - 1
                    ));
                }
            }
        }
    }

    /// Pushes the value that stands for the result of a call.
    fn make(&mut self) -> Result<(), String> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let Value::Known(known) = self.values[callable] else {
            return Err("its pickle calls a value that is not a function".to_owned());
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
            _ => return Err("its pickle appends to a value that is not a list".to_owned()),
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
            _ => Err("its pickle sets an entry of a value that is not a dictionary".to_owned()),
        }
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let top = self.top()?;
        self.memo.insert(slot, top);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), String> {
        let id = *self.memo.get(&slot).ok_or_else(|| "its pickle reads an empty memo slot".to_owned())?;
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
            str::from_utf8(bytes).map_err(|_| "its pickle has a string that is not UTF-8".to_owned())?;
        let text = text.to_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// Returns the height of the stack at the innermost mark, below which nothing is popped.
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
        let end = end.ok_or_else(|| "its pickle is truncated".to_owned())?;
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
    "its pickle pops from an empty stack".to_owned()
}

/// Looks up a function or type in [`KNOWN`].
fn known(module: &str, name: &str) -> Result<Known, String> {
    let found = KNOWN.iter().find(|(m, n, _)| (*m, *n) == (module, name));
    found.map(|(_, _, known)| *known).ok_or_else(|| {
        format!(
            "its pickle names `{}.{}`, which checkpoints of tensors do not use; nothing was run (if you trust its origin, open \
             it in Python and save only its state dictionary)",
            module.escape_debug(),
            name.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Element, Entry, Pickle};

    /// Wraps the body of a pickle of protocol 2.
    fn pickle(body: &[u8]) -> Vec<u8> {
        [b"\x80\x02", body, b"."].concat()
    }

    fn refusal(body: &[u8]) -> String {
        Pickle::read(&pickle(body)).unwrap_err()
    }

    #[test]
    fn rejects_calls_of_unknown_functions() {
        // Output of `pickle.dumps` for an object whose `__reduce__` is (os.system, ("touch owned",)).
        let body = b"cposix\nsystem\nq\x00X\x0b\x00\x00\x00touch ownedq\x01\x85q\x02Rq\x03";
        assert!(refusal(body).contains("`posix.system`"), "{}", refusal(body));
        // The same inside a state dictionary, and with the instruction of protocol 4.
        let body = b"}X\x01\x00\x00\x00wcbuiltins\nexec\nX\x04\x00\x00\x00pass\x85Rs";
        assert!(refusal(body).contains("`builtins.exec`"));
        assert!(refusal(b"\x8c\x02os\x8c\x06system\x93").contains("`os.system`"));
        assert!(
            refusal(b"cos\nsystem\x1b[31m\n").contains("\\u{1b}"),
            "no control character reaches the terminal"
        );
        // INST, OBJ and the extension registry can call functions too.
        for body in [&b"(S'echo'\nios\nsystem\n"[..], b"(cos\nsystem\no", b"\x82\x01"] {
            assert!(Pickle::read(&pickle(body)).is_err());
        }
        // A call of a value that is not a function.
        assert!(refusal(b"X\x01\x00\x00\x00a)R").contains("not a function"));
    }

    #[test]
    fn memory_for_depth_sharing_and_cycles_is_linear_in_the_bytes() {
        // A million nested tuples.
        let deep = [&b"N"[..], &vec![0x85; 1_000_000]].concat();
        assert!(Pickle::read(&pickle(&deep)).unwrap().root().is_none());
        // Each list contains the previous one twice: 2^60 leaves.
        let mut shared = b"]q\x00".to_vec();
        for level in 0..60_u8 {
            shared.extend([b']', b'q', level + 1, b'h', level, b'a', b'h', level, b'a']);
        }
        Pickle::read(&pickle(&shared)).unwrap();
        // A dictionary that contains itself.
        let cycle = Pickle::read(&pickle(b"}q\x00X\x01\x00\x00\x00mh\x00s")).unwrap();
        let root = cycle.root().unwrap();
        assert_eq!(cycle.entries(root).unwrap(), [("m".to_owned(), Entry::Dictionary(root))]);
        // A string that claims four billion bytes.
        assert!(refusal(b"X\xff\xff\xff\xffa").contains("its pickle is truncated"));
        assert!(
            refusal(b"R").contains("stack")
                && refusal(b"t").contains("stack")
                && refusal(b"(R").contains("stack")
        );
    }

    #[test]
    fn reads_and_checks_the_arguments_of_tensors() {
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
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(pickle) = Pickle::read(&bytes) && let Some(root) = pickle.root() {
                let _ = pickle.entries(root);
            }
        }
    }
}
